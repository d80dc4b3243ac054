import type { EntryChange } from './stored-entry.ts';

export interface HistoryLimits {
  /** Changes kept at most. */
  maxChanges: number;
  /** Bytes of values kept at most. */
  maxBytes: number;
  /** Milliseconds a change is kept at most. */
  maxAge: number;
}

/**
 * Some minutes of a busy cluster; clients that were away for longer list anew. As old as what upstream compacts every
 * five minutes: Kubernetes' own tests wait for a continue token to expire, ten minutes at most.
 */
export const defaultHistoryLimits: HistoryLimits = {
  maxChanges: 16_384,
  maxBytes: 16 * 1024 * 1024,
  maxAge: 5 * 60 * 1000,
};

/** The newest changes in the order of their revisions, within limits. */
export class History {
  readonly #limits: HistoryLimits;
  /** The changes kept begin at `#first`. What lies before are empty places, taken out when they are half of the array. */
  #changes: (EntryChange | undefined)[] = [];
  #times: number[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#changes.length - this.#first;
  }

  /** @param now monotonic milliseconds. */
  push(change: EntryChange, now: number): void {
    this.#changes.push(change);
    this.#times.push(now);
    this.#bytes += change.entry.size;
  }

  /** The changes after `revision` for which `wanted` holds. */
  after(revision: number, wanted: (change: EntryChange) => boolean): EntryChange[] {
    const found: EntryChange[] = [];
    for (let at = this.#indexAfter(revision); at < this.#changes.length; at++) {
      const change = this.#changes[at]!;
      if (wanted(change)) found.push(change);
    }
    return found;
  }

  /** Up to `count` changes after `revision`. */
  range(revision: number, count: number): readonly EntryChange[] {
    const start = this.#indexAfter(revision);
    return this.#kept(start, start + count);
  }

  /** Drops what exceeds the limits; returns it, oldest first. */
  trim(now: number): EntryChange[] {
    const { maxChanges, maxBytes, maxAge } = this.#limits;
    let end = Math.max(this.#first, this.#changes.length - maxChanges);
    let bytes = this.#bytes;
    for (let at = this.#first; at < end; at++) bytes -= this.#changes[at]!.entry.size;
    while (end < this.#changes.length && (bytes > maxBytes || this.#times[end]! < now - maxAge)) {
      bytes -= this.#changes[end]!.entry.size;
      end += 1;
    }
    return this.#drop(end);
  }

  /** Drops the changes up to and including `revision`; returns them, oldest first. */
  dropThrough(revision: number): EntryChange[] {
    return this.#drop(this.#indexAfter(revision));
  }

  #drop(end: number): EntryChange[] {
    const dropped = this.#kept(this.#first, end);
    for (const change of dropped) this.#bytes -= change.entry.size;
    this.#changes.fill(undefined, this.#first, end);
    this.#first = end;
    if (this.#first > this.#changes.length / 2) {
      this.#changes = this.#changes.slice(this.#first);
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
    return dropped;
  }

  /** Of the places from `#first` on. */
  #kept(start: number, end: number): EntryChange[] {
    return this.#changes.slice(start, end) as EntryChange[];
  }

  #indexAfter(revision: number): number {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
