import type { TableColumn } from './table.ts';

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const createdDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

export const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: nameDescription,
  priority: 0,
};
export const ageColumn: TableColumn = column('Age', createdDescription);
export const createdAtColumn: TableColumn = { ...ageColumn, name: 'Created At', type: 'date' };

/** A column of strings that is always shown. */
export function column(name: string, description: string, type = 'string'): TableColumn {
  return { name, type, format: '', description, priority: 0 };
}

/** A column of numbers. */
export function count(name: string, description: string): TableColumn {
  return column(name, description, 'integer');
}

/** A column of yes and no. */
export function flag(name: string, description: string): TableColumn {
  return column(name, description, 'boolean');
}

/** Shown with `-o wide` only. */
export function wide(shown: TableColumn): TableColumn {
  return { ...shown, priority: 1 };
}

export const containersColumn = wide(column('Containers', 'Names of each container in the template.'));
export const imagesColumn = wide(column('Images', 'Images referenced by each container in the template.'));
export const selectorColumn = wide(column('Selector', 'The labels of the pods this object is about.'));
