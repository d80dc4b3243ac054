/**
 * The order of a patched list: items the patch names stand in the patch's order, the others keep theirs, and
 * where both kinds meet the old list decides (upstream's "$setElementOrder > patch list > live list").
 */
import { goText, isObject } from '../json.ts';
import { keyOf, patchFailure } from './strategic-merge-patch.ts';

/** Puts primitives in order. `named` and `others` together are the list; neither has an item twice. */
export function inOrder(named: unknown[], others: unknown[], order: unknown[], old: unknown[]): unknown[] {
  return interleave(sorted(named, order), sorted(others, old), indices(old));
}

/**
 * Puts objects in order, told apart by their merge key.
 * @throws ApiError where an item is no object, or has no such key
 */
export function enforceOrder(
  merged: unknown[],
  order: unknown[],
  old: unknown[],
  mergeKey: string,
): unknown[] {
  const key = (item: unknown) => keyOf(item, mergeKey);
  const odd = order.findIndex(item => !isObject(item));
  if (merged.length > 0 && odd >= 0) throw patchFailure(`value for key ${odd} is not a map.`);
  const wanted = indices(order.map(key));
  const before = indices(old.map(key));
  const named = merged.filter(item => wanted.has(key(item)));
  const others = merged.filter(item => !wanted.has(key(item)));
  return interleave(sortedBy(named, wanted, key), sortedBy(others, before, key), before, key);
}

function indices(keys: readonly unknown[]): Map<unknown, number> {
  const found = new Map<unknown, number>();
  for (const [index, key] of keys.entries()) if (!found.has(key)) found.set(key, index);
  return found;
}

function sorted(items: unknown[], order: unknown[]): unknown[] {
  return sortedBy(items, indices(order), item => item);
}

/** Stable; items the order does not know stay behind those it knows. */
function sortedBy(items: unknown[], order: Map<unknown, number>, key: (item: unknown) => unknown): unknown[] {
  const place = (item: unknown) => order.get(key(item)) ?? Number.MAX_SAFE_INTEGER;
  return [...items].sort((a, b) => place(a) - place(b));
}

/** Inserts each other item before the first named one that stood behind it in the old list. */
function interleave(
  named: unknown[],
  others: unknown[],
  old: Map<unknown, number>,
  key: (item: unknown) => unknown = item => item,
): unknown[] {
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = old.get(key(item));
    while (place !== undefined && next < others.length) {
      const other = old.get(key(others[next]));
      if (other === undefined || other >= place) break;
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

/**
 * The patch's items must be among the ordered ones, in the same order; deletions do not count.
 * @throws ApiError
 */
export function validateOrder(patch: unknown[], order: unknown[], mergeKey: string | undefined): void {
  if (order.length === 0 || patch.length === 0) return;
  const key = (item: unknown) => (mergeKey === undefined ? item : keyOf(item, mergeKey));
  const items = mergeKey === undefined ? patch : patch.filter(item => directiveOf(item) !== 'delete');
  let at = 0;
  let next = 0;
  while (at < items.length && next < order.length) {
    if (directiveOf(items[at]) !== undefined) at++;
    else if (key(items[at]) === key(order[next++])) at++;
  }
  if (at < items.length) {
    throw patchFailure(
      `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
  }
}

function directiveOf(item: unknown): unknown {
  return isObject(item) ? item.$patch : undefined;
}
