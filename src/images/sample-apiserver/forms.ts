/** The forms a client may ask for: whole objects, metadata alone, tables. All of them JSON. */
import { apiVersion, type WardleObject, type WardleResource } from './objects.ts';
import { StatusError } from './status.ts';

export type Form = 'object' | 'PartialObjectMetadata' | 'Table';

/** The first form of the Accept header that is served. @throws StatusError 406 */
export function formOf(accept = '*/*'): Form {
  for (const part of accept.split(',')) {
    const [type = '', ...words] = part.split(';').map(word => word.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const parameters = Object.fromEntries(words.map(word => word.split('=')));
    const as: string | undefined = parameters.as;
    if (as === undefined) return 'object';
    if (parameters.g !== 'meta.k8s.io' || parameters.v !== 'v1') continue;
    if (as === 'Table') return 'Table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'PartialObjectMetadata';
  }
  const message = 'only the following media types are accepted: application/json';
  throw new StatusError(406, 'NotAcceptable', message);
}

export function shown(object: WardleObject, form: Form): object {
  if (form === 'Table') return table([object], { resourceVersion: object.metadata.resourceVersion });
  return form === 'object' ? object : metadataOf(object);
}

export function shownList(
  items: WardleObject[],
  revision: number,
  { kind }: WardleResource,
  form: Form,
): object {
  const metadata = { resourceVersion: String(revision) };
  if (form === 'Table') return table(items, metadata);
  if (form === 'object') return { kind: `${kind}List`, apiVersion, metadata, items };
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    items: items.map(metadataOf),
  };
}

function metadataOf({ metadata }: WardleObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

function table(items: WardleObject[], metadata: object): object {
  const column = (name: string, format: string) => ({
    name,
    type: 'string',
    format,
    description: name,
    priority: 0,
  });
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [column('Name', 'name'), { ...column('Created At', ''), type: 'date' }],
    rows: items.map(item => ({
      cells: [item.metadata.name, item.metadata.creationTimestamp],
      object: metadataOf(item),
    })),
  };
}
