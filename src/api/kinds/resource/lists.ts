import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

type CheckItem<T> = (item: T, at: FieldPath, out: Findings) => void;

/** Each item, unless there are too many to look at. Returns whether they were looked at. */
export function checkItems<T>(
  items: readonly T[] | undefined,
  max: number,
  check: CheckItem<T>,
  at: FieldPath,
  out: Findings,
): boolean {
  if (!items) return true;
  if (items.length > max) {
    out.tooMany(at, items.length, max);
    return false;
  }
  items.forEach((item, i) => {
    check(item, at.index(i), out);
  });
  return true;
}

/** As `checkItems`; no two may have the same key. `shown` is what a duplicate is reported by. */
export function checkSet<T>(
  items: readonly T[] | undefined,
  max: number,
  check: CheckItem<T>,
  key: (item: T) => string,
  at: FieldPath,
  out: Findings,
  shown: (item: T) => unknown = key,
): void {
  if (!items || !checkItems(items, max, check, at, out)) return;
  const seen = new Set<string>();
  items.forEach((item, i) => {
    if (seen.has(key(item))) out.duplicate(at.index(i), shown(item));
    seen.add(key(item));
  });
}

/** Entries by name. Keys longer than `maxKey` are cut in the middle where they stand in a path. */
export function checkEntries<T>(
  entries: Readonly<Record<string, T>> | undefined,
  max: number,
  maxKey: number,
  checkKey: CheckItem<string>,
  check: CheckItem<T>,
  at: FieldPath,
  out: Findings,
): void {
  const names = Object.keys(entries ?? {});
  if (names.length > max) {
    out.tooMany(at, names.length, max);
    return;
  }
  for (const name of names) {
    checkKey(name, at, out);
    check(entries![name]!, at.key(shortened(name, maxKey)), out);
  }
}

const ellipsis = '...';

function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const left = max - ellipsis.length;
  return text.slice(0, Math.ceil(left / 2)) + ellipsis + text.slice(text.length - Math.floor(left / 2));
}
