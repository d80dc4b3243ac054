import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { History } from './history.ts';
import { OpenBlocks } from './open-blocks.ts';
import { RestingBlock } from './resting-block.ts';
import type { SortedEntries } from './sorted-entries.ts';
import type { StoredEntry } from './stored-entry.ts';
import { ValueSlabs } from './value-slabs.ts';

export interface RestingLimits {
  /** Bytes of values that may lie in memory as they are: a store with less is left alone. */
  floor: number;
  /** Milliseconds between looks; a value not read between two of them is compressed. */
  interval: number;
}

export const defaultRestingLimits: RestingLimits = { floor: 4 * 1024 * 1024, interval: 5000 };

/** Values in one block, and bytes of one at most: what has to be opened for one of them. */
const blockValues = 32;
const blockBytes = 48 * 1024;
/** Entries looked at before others get their turn. */
const stride = 256;

/**
 * Compresses the values nobody reads, and moves those together that stay: one of them would keep the whole slab of its
 * former neighbours. Objects of one kind, which stand beside each other, have most of their text in common: ten
 * thousand pods take a twentieth of their bytes, and reading one of them costs less than parsing it.
 */
export class RestingValues {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #entries: SortedEntries;
  readonly #history: History;
  readonly #slabs = new ValueSlabs();
  readonly #openBlocks: OpenBlocks;
  readonly #limits: RestingLimits;
  /** Bytes of values that came since the last look, and those that lay in memory then. */
  #fresh = 0;
  #due = false;
  #stopped = false;

  constructor(
    deps: { clock: Clock; log: Logger; entries: SortedEntries; history: History },
    limits: RestingLimits,
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#entries = deps.entries;
    this.#history = deps.history;
    this.#limits = limits;
    this.#openBlocks = new OpenBlocks(deps.clock, limits.interval);
  }

  /** Tells that so many bytes of values came. */
  added(bytes: number): void {
    this.#fresh += bytes;
    if (this.#due || this.#stopped || this.#fresh < this.#limits.floor) return;
    this.#due = true;
    this.#clock.after(this.#limits.interval, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#openBlocks.stop();
  }

  /** Rejects never: a value that can not be compressed stays as it is. */
  async #look(): Promise<void> {
    let awake = 0;
    this.#fresh = 0;
    const slabs = new ValueSlabs();
    try {
      for (const entries of this.#strides()) {
        if (this.#stopped) return;
        for (const block of blocksOf(entries)) await this.#restTogether(block);
        for (const entry of entries) {
          if (entry.resting) continue;
          awake += entry.size;
          entry.move(slabs);
        }
        await new Promise(resolve => setImmediate(resolve));
      }
    } catch (error) {
      this.#log.error('values can not be compressed', { error });
      return;
    }
    this.#due = false;
    this.added(awake);
  }

  /** All entries by key, then those of the history, of which some are no longer among the first. */
  *#strides(): Generator<readonly StoredEntry[]> {
    for (let key: string | undefined; ; ) {
      const entries = this.#entries.range('', key, stride);
      if (entries.length === 0) break;
      key = entries.at(-1)!.key;
      yield entries;
    }
    for (let revision = 0; ; ) {
      const changes = this.#history.range(revision, stride);
      if (changes.length === 0) break;
      revision = changes.at(-1)!.revision;
      // Current entries were looked at; to ask them again would let them rest at the first look.
      yield changes.map(change => change.entry).filter(entry => this.#entries.get(entry.key) !== entry);
    }
  }

  async #restTogether(parts: readonly Part[]): Promise<void> {
    const values = parts.map(part => part.value);
    const block = await RestingBlock.pack(values, this.#slabs, this.#openBlocks);
    let start = 0;
    for (const { entry, value } of parts) {
      entry.rest(block, start);
      start += value.byteLength;
    }
  }
}

interface Part {
  entry: StoredEntry;
  value: Uint8Array;
}

/** The neighbours among `entries` that nobody read since the last look, in groups for one block each. */
function blocksOf(entries: readonly StoredEntry[]): Part[][] {
  const blocks: Part[][] = [];
  let block: Part[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (entry.resting) continue;
    const value = entry.takeUnused();
    if (!value) continue;
    if (block.length === blockValues || (block.length > 0 && bytes + value.byteLength > blockBytes)) {
      blocks.push(block);
      block = [];
      bytes = 0;
    }
    block.push({ entry, value });
    bytes += value.byteLength;
  }
  if (block.length > 0) blocks.push(block);
  return blocks;
}
