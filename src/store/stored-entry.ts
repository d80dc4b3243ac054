import type { RestingBlock } from './resting-block.ts';
import type { Change, Entry } from './store.ts';
import type { ValueSlabs } from './value-slabs.ts';

/** An entry whose value lies in memory as it is or, when nobody has looked at it for a while, compressed. */
export class StoredEntry implements Entry {
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  /** Bytes of the value. */
  readonly size: number;
  derived: unknown = undefined;
  #value: Uint8Array | undefined;
  #block: RestingBlock | undefined;
  #start = 0;
  #used = true;

  constructor(key: string, value: Uint8Array, revision: number, createRevision: number) {
    this.key = key;
    this.revision = revision;
    this.createRevision = createRevision;
    this.size = value.byteLength;
    this.#value = value;
  }

  get value(): Uint8Array {
    this.#used = true;
    return this.#value ?? this.#block!.slice(this.#start, this.#start + this.size);
  }

  /** The block the value lies in, where it does. */
  get block(): RestingBlock | undefined {
    return this.#block;
  }

  /** The value if nobody read it since this was asked last; undefined otherwise. */
  takeUnused(): Uint8Array | undefined {
    const used = this.#used;
    this.#used = false;
    return used ? undefined : this.#value;
  }

  /** A value that is awake lies in `slabs` from now on. */
  move(slabs: ValueSlabs): void {
    if (this.#value) this.#value = slabs.copy(this.#value);
  }

  /** The value lies in `block` from now on, at `start`; not if it was read meanwhile. */
  rest(block: RestingBlock, start: number): void {
    if (this.#used) return;
    this.#value = undefined;
    this.#block = block;
    this.#start = start;
  }
}

/** A change shows its entry's value, so that history holds nothing that is held already. */
export class EntryChange implements Change {
  readonly type: 'put' | 'delete';
  readonly entry: StoredEntry;
  readonly previous: StoredEntry | undefined;

  constructor(type: 'put' | 'delete', entry: StoredEntry, previous: StoredEntry | undefined) {
    this.type = type;
    this.entry = entry;
    this.previous = previous;
  }

  get key(): string {
    return this.entry.key;
  }

  get value(): Uint8Array {
    return this.entry.value;
  }

  get revision(): number {
    return this.entry.revision;
  }
}
