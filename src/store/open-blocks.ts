import type { Cancel, Clock } from '../base/clock.ts';

/** Bytes of opened blocks kept at most. */
const maxBytes = 8 * 1024 * 1024;

/** What stays open while it is kept. */
export interface OpenBlock {
  /** Holds on to what is open. */
  keep(): void;
  /** Whether it was read since this was asked last. */
  takeUsed(): boolean;
  /** Leaves what is open to the garbage collector. */
  drop(): void;
}

/**
 * Keeps blocks open that are opened again and again: lists that somebody asks for every few seconds. One that is
 * opened once, as by a single list of everything, is gone when nobody holds its values.
 */
export class OpenBlocks {
  readonly #clock: Clock;
  readonly #interval: number;
  /** Blocks opened since the last look, and between the two looks before. */
  #opened = new Set<OpenBlock>();
  #before = new Set<OpenBlock>();
  /** With their bytes. */
  readonly #kept = new Map<OpenBlock, number>();
  #bytes = 0;
  #cancel: Cancel | undefined;
  #stopped = false;

  /** @param interval milliseconds between looks; a block not read between two of them is let go. */
  constructor(clock: Clock, interval: number) {
    this.#clock = clock;
    this.#interval = interval;
  }

  /** Tells that `block` had to be opened, which takes `bytes`. */
  opened(block: OpenBlock, bytes: number): void {
    const again = this.#opened.has(block) || this.#before.has(block);
    if (!again) this.#opened.add(block);
    else if (!this.#kept.has(block) && this.#bytes + bytes <= maxBytes) {
      block.keep();
      this.#kept.set(block, bytes);
      this.#bytes += bytes;
    }
    if (!this.#stopped) this.#cancel ??= this.#clock.after(this.#interval, () => this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #look(): void {
    this.#cancel = undefined;
    this.#before = this.#opened;
    this.#opened = new Set();
    for (const [block, bytes] of this.#kept) {
      if (block.takeUsed()) continue;
      block.drop();
      this.#kept.delete(block);
      this.#bytes -= bytes;
    }
    const idle = this.#before.size === 0 && this.#kept.size === 0;
    if (!idle) this.#cancel = this.#clock.after(this.#interval, () => this.#look());
  }
}
