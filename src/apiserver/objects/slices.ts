/** Items worked on before the event loop gets its turn. */
const sliceSize = 32;
/** The same where an item costs a look or a copy. */
export const cheapSlice = 256;

/** `items.map(change)`, with room for other work after each slice: what long lists cost must not hold others up. */
export async function mapInSlices<T, R>(items: readonly T[], change: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  await mapSlices(items, slice => {
    for (const item of slice) results.push(change(item));
  });
  return results;
}

/** What `change` makes of each slice of the items. */
export async function mapSlices<T, R>(
  items: readonly T[],
  change: (slice: readonly T[]) => R,
  size = sliceSize,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    if (at > 0) await nextTurn();
    results.push(change(items.slice(at, at + size)));
  }
  return results;
}

/** The items that pass, at most `limit` of them (0: all), and whether more would have. */
export async function filterInSlices<T>(
  items: readonly T[],
  passes: (item: T) => boolean,
  limit: number,
): Promise<{ found: T[]; more: boolean }> {
  const found: T[] = [];
  for (let at = 0; at < items.length; at++) {
    if (at > 0 && at % cheapSlice === 0) await nextTurn();
    const item = items[at]!;
    if (!passes(item)) continue;
    if (limit > 0 && found.length === limit) return { found, more: true };
    found.push(item);
  }
  return { found, more: false };
}

export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
