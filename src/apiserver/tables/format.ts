import type { Container, LabelSelector, OwnerReference } from '../../api/generated/types.ts';
import { parseApiVersion } from '../../api/objects.ts';

/** How lists, labels and selectors look in a cell. */

export const none = '<none>';
export const unset = '<unset>';
export const unknown = '<unknown>';

/** `a=b,c=d`, sorted. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.sort().join(',');
}

/** A selector in the notation of `-l`, its requirements sorted by key; an empty one is `<none>`. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const parts: [string, string][] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {}))
    parts.push([key, `${key}=${value}`]);
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    const list = [...values].sort().join(',');
    if (operator === 'In') parts.push([key, `${key} in (${list})`]);
    else if (operator === 'NotIn') parts.push([key, `${key} notin (${list})`]);
    else parts.push([key, operator === 'Exists' ? key : `!${key}`]);
  }
  if (parts.length === 0) return none;
  parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return parts.map(([, text]) => text).join(',');
}

/** The names and the images of a template's containers. */
export function containerCells(containers: readonly Container[] | undefined): [string, string] {
  const list = containers ?? [];
  return [list.map(c => c.name).join(','), list.map(c => c.image ?? '').join(',')];
}

/** The first `max` of a list, and how many more there are. */
export function firstOf(list: readonly string[], max: number, separator = ','): string {
  const shown = list.slice(0, max).join(separator);
  return list.length > max ? `${shown} + ${list.length - max} more...` : shown;
}

/** Booleans that are words in a cell. */
export function truth(value: boolean | undefined): string {
  return value === undefined ? unset : value ? 'True' : 'False';
}

/** `daemonset.apps/web` of the owner that controls an object. */
export function controllerName(owners: readonly OwnerReference[] | undefined): string {
  const owner = owners?.find(o => o.controller);
  if (!owner) return none;
  const { group } = parseApiVersion(owner.apiVersion);
  const kind = group ? `${owner.kind}.${group}` : owner.kind;
  return `${kind.toLowerCase()}/${owner.name}`;
}

const modeNames: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`: in this order, each once. */
export function formatAccessModes(modes: readonly string[] | undefined): string {
  return Object.entries(modeNames)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}
