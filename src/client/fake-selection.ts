import { type LabelSelector, matchesLabels, parseLabelSelector } from '../api/label-selector.ts';
import type { KubeObject } from '../api/objects.ts';

/** Which objects of a collection a request of the fake API is about. */
export interface FakeSelection {
  /** '' for all. */
  namespace: string;
  labels: LabelSelector;
  fields: { path: string[]; value: string; equal: boolean }[];
}

export function selectionOf(namespace: string, query: URLSearchParams): FakeSelection {
  const fields = (query.get('fieldSelector') ?? '').split(',').filter(term => term !== '');
  return {
    namespace,
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields: fields.map(term => {
      const [, path = '', operator, value = ''] = /^([^=!]+)(=|==|!=)([^=].*)?$/.exec(term) ?? [];
      return { path: path.split('.'), value, equal: operator !== '!=' };
    }),
  };
}

/** Any path of the object may be selected by; the real API server knows a few a kind. */
export function selects({ namespace, labels, fields }: FakeSelection, object: KubeObject): boolean {
  if (namespace && object.metadata?.namespace !== namespace) return false;
  if (!matchesLabels(labels, object.metadata?.labels)) return false;
  return fields.every(({ path, value, equal }) => (valueAt(object, path) === value) === equal);
}

function valueAt(object: unknown, path: string[]): string {
  let at = object;
  for (const part of path) {
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined;
  }
  return at === undefined ? '' : String(at);
}
