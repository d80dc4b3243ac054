import type { KubeObject } from '../../api/objects.ts';
import type { View } from './representation.ts';

export interface Table {
  kind: 'Table';
  apiVersion: string;
  metadata: object;
  columnDefinitions: object[];
  rows: { cells: unknown[]; object?: object }[];
}

/** The table of `objects` that `kubectl get` prints. */
export function tableOf(view: View, objects: readonly KubeObject[], metadata: object): Table {
  const version = view.accept.version ?? 'v1';
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: [
      {
        name: 'Name',
        type: 'string',
        format: 'name',
        description: 'Name must be unique within a namespace.',
        priority: 0,
      },
      { name: 'Created At', type: 'date', format: '', description: 'CreationTimestamp', priority: 0 },
    ],
    rows: objects.map(object => ({
      cells: [object.metadata?.name, object.metadata?.creationTimestamp],
      ...rowObject(view, object),
    })),
  };
}

function rowObject(view: View, object: KubeObject): { object?: object } {
  if (view.includeObject === 'None') return {};
  if (view.includeObject === 'Object') return { object };
  const { metadata } = object;
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } };
}
