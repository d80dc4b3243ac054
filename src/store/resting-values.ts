import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { History } from './history.ts';
import { OpenBlocks } from './open-blocks.ts';
import { RestingBlock } from './resting-block.ts';
import type { SortedEntries } from './sorted-entries.ts';
import type { EntryChange, StoredEntry } from './stored-entry.ts';
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
/** Bytes of slabs that may lie empty, beside as many as are in use. */
const emptyBytes = 1024 * 1024;
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
  /** Where the blocks lie, with the bytes that were put there. */
  #packed = { slabs: new ValueSlabs(), bytes: 0 };
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
    const scratch = new Uint8Array(blockBytes);
    const blocks = new Set<RestingBlock>();
    try {
      for (const entries of this.#strides()) {
        if (this.#stopped) return;
        for (const block of blocksOf(entries)) await this.#restTogether(block, scratch);
        for (const entry of entries) {
          if (entry.block) {
            blocks.add(entry.block);
            continue;
          }
          awake += entry.size;
          entry.move(slabs);
        }
        await new Promise(resolve => setImmediate(resolve));
      }
      await this.#closeUp([...blocks]);
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
    for (let revision = 0, oldest: number | undefined; ; ) {
      const changes = this.#history.range(revision, stride);
      if (changes.length === 0) break;
      revision = changes.at(-1)!.revision;
      oldest ??= changes[0]!.revision;
      // Current entries were looked at; to ask them again would let them rest at the first look.
      yield entriesOf(changes, oldest).filter(entry => this.#entries.get(entry.key) !== entry);
    }
  }

  /** Moves `blocks`, which are all there are, together where what went has left most of the slabs empty. */
  async #closeUp(blocks: readonly RestingBlock[]): Promise<void> {
    const bytes = blocks.reduce((sum, block) => sum + block.packedBytes, 0);
    if (this.#packed.bytes < 2 * bytes + emptyBytes) return;
    this.#packed = { slabs: new ValueSlabs(), bytes };
    for (let at = 0; at < blocks.length; at += stride) {
      for (const block of blocks.slice(at, at + stride)) block.move(this.#packed.slabs);
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  async #restTogether(parts: readonly Part[], scratch: Uint8Array): Promise<void> {
    const values = parts.map(part => part.value);
    const block = await RestingBlock.pack(values, scratch, this.#packed.slabs, this.#openBlocks);
    this.#packed.bytes += block.packedBytes;
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

/** What `changes` show, each once: a value before is that of a change before, unless that was before the `oldest`. */
function entriesOf(changes: readonly EntryChange[], oldest: number): StoredEntry[] {
  return changes.flatMap(({ entry, previous }) =>
    previous && previous.revision < oldest ? [previous, entry] : [entry],
  );
}

/** The neighbours among `entries` that nobody read since the last look, in groups for one block each. */
function blocksOf(entries: readonly StoredEntry[]): Part[][] {
  const blocks: Part[][] = [];
  let block: Part[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (entry.block) continue;
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
