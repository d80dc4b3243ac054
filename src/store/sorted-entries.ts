import type { StoredEntry } from './stored-entry.ts';

/** A leaf is cut in two when it grows past this. */
const leafLimit = 512;

/** Where an entry stands, or would stand. */
interface Position {
  leaf: number;
  index: number;
}

/**
 * Entries by key, and in the order of their keys: one level of sorted leaves. Insert, remove and the ends of a
 * range cost a binary search and a move within one leaf; a count adds up the leaves in between.
 * Keys are ASCII, for which the order of UTF-16 units that JavaScript compares by is that of the bytes.
 */
export class SortedEntries {
  readonly #byKey = new Map<string, StoredEntry>();
  #leaves: StoredEntry[][] = [];

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): StoredEntry | undefined {
    return this.#byKey.get(key);
  }

  /** Replaces everything at once; much cheaper than one by one. The entries may come in any order. */
  fill(entries: Iterable<StoredEntry>): void {
    this.#byKey.clear();
    for (const entry of entries) this.#byKey.set(entry.key, entry);
    const sorted = [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#leaves = [];
    // Leaves begin half full, so that the first inserts do not split each of them.
    const step = leafLimit / 2;
    for (let at = 0; at < sorted.length; at += step) this.#leaves.push(sorted.slice(at, at + step));
  }

  set(entry: StoredEntry): void {
    const present = this.#byKey.has(entry.key);
    this.#byKey.set(entry.key, entry);
    const { leaf, index } = this.#lowerBound(entry.key);
    if (present) this.#leaves[leaf]![index] = entry;
    else this.#insert(leaf, index, entry);
  }

  delete(key: string): void {
    if (!this.#byKey.delete(key)) return;
    const { leaf, index } = this.#lowerBound(key);
    const entries = this.#leaves[leaf]!;
    entries.splice(index, 1);
    const next = this.#leaves[leaf + 1];
    if (entries.length === 0) this.#leaves.splice(leaf, 1);
    else if (next && entries.length + next.length <= leafLimit / 2) {
      this.#leaves.splice(leaf, 2, entries.concat(next));
    }
  }

  /** The entries whose keys begin with `prefix`, those up to `after` left out, at most `limit` of them. */
  range(prefix: string, after?: string, limit = Number.POSITIVE_INFINITY): StoredEntry[] {
    const end = this.#lowerBound(endOf(prefix));
    const found: StoredEntry[] = [];
    let { leaf, index } = this.#start(prefix, after);
    for (; leaf <= end.leaf && leaf < this.#leaves.length && found.length < limit; leaf++, index = 0) {
      const entries = this.#leaves[leaf]!;
      const stop = leaf === end.leaf ? end.index : entries.length;
      const last = Math.min(stop, index + limit - found.length);
      for (; index < last; index++) found.push(entries[index]!);
    }
    return found;
  }

  /** How many keys begin with `prefix`, those up to `after` left out. */
  count(prefix: string, after?: string): number {
    const start = this.#start(prefix, after);
    const end = this.#lowerBound(endOf(prefix));
    let count = end.index - start.index;
    for (let leaf = start.leaf; leaf < end.leaf; leaf++) count += this.#leaves[leaf]!.length;
    return Math.max(count, 0);
  }

  #start(prefix: string, after: string | undefined): Position {
    // The least string above `after` is `after` with a zero character behind it.
    const from = after !== undefined && after >= prefix ? `${after}\0` : prefix;
    return this.#lowerBound(from);
  }

  #insert(leaf: number, index: number, entry: StoredEntry): void {
    const entries = this.#leaves[leaf];
    if (!entries) {
      const last = this.#leaves.at(-1);
      if (last && last.length < leafLimit) last.push(entry);
      else this.#leaves.push([entry]);
      return;
    }
    entries.splice(index, 0, entry);
    if (entries.length > leafLimit) this.#leaves.splice(leaf + 1, 0, entries.splice(leafLimit / 2));
  }

  /** The position of the first key not below `key`; past the last leaf where there is none. */
  #lowerBound(key: string): Position {
    const leaf = firstIndex(this.#leaves.length, at => this.#leaves[at]!.at(-1)!.key >= key);
    const entries = this.#leaves[leaf];
    return { leaf, index: entries ? firstIndex(entries.length, at => entries[at]!.key >= key) : 0 };
  }
}

/** A string above every ASCII key that begins with `prefix`, and below every other key above it. */
function endOf(prefix: string): string {
  return `${prefix}\uffff`;
}

/** The least index below `length` for which `reached` is true, `length` where there is none. */
function firstIndex(length: number, reached: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
