/**
 * The store: a revisioned log of key → bytes, in the shape of etcd's data model. It knows no kinds.
 *
 * Every successful write gets the next revision, one number for the whole store. A write is acknowledged
 * (its promise resolves) when it is durable; only then do reads and watches see it, in revision order.
 */
export interface Store {
  /** The newest revision that reads see. A store that was never written to stands at 1. */
  readonly revision: number;
  /** The oldest revision a watch can start after. */
  readonly compactedRevision: number;
  /** Why writes fail at present; undefined while they work. Reads and watches go on meanwhile. */
  readonly failure?: Error | undefined;
  /** For a store that others write to as well; without it reads see every acknowledged write at once. */
  readonly shared?: SharedReads;

  get(key: string): Entry | undefined;

  /** The entries whose keys begin with `prefix`, in byte order of the keys, as they are at `revision`. */
  list(prefix: string, options?: ListOptions): ListResult;

  /** How many keys begin with `prefix`. */
  count(prefix: string): number;

  /**
   * Writes `value` under `key` if the key stands at `expected`; `expected` 0 means it must not exist.
   * Writes under way at the same time may get their revisions in any order. The bytes belong to the store from now on: nobody writes to them.
   * @throws RevisionMismatch with what is there, when the key stands elsewhere.
   * @throws StoreUnavailable when it could not be made durable. It is not visible then; where the process ends
   * before a later write succeeds, it may yet be found there at the next start.
   */
  put(key: string, value: Uint8Array | ValueAt, expected: number): Promise<Entry>;

  /**
   * Removes `key` if it stands at `expected`. Watches get the last value; where `finalValue` is given they
   * get that instead (the object as it was deleted, at the deletion's revision).
   * Resolves with the final value at the deletion's revision.
   * @throws RevisionMismatch when the key stands elsewhere or does not exist.
   * @throws StoreUnavailable as `put`.
   */
  delete(key: string, expected: number, finalValue?: Uint8Array | ValueAt): Promise<Entry>;

  /**
   * Calls `listener` with every change of a key under `prefix` after `after`, in order, batched as they were
   * committed, beginning before this call returns its handle with what is already there.
   * @throws RevisionCompacted when `after` lies before `compactedRevision`.
   */
  watch(prefix: string, after: number, listener: WatchListener): WatchHandle;

  /** Forgets the history up to and including `revision`; current entries stay. */
  compact(revision: number): Promise<void>;

  /** Opens files or connections, loads what is there. */
  start(signal: AbortSignal): Promise<void>;
  /** Waits for writes under way and closes. */
  stop(): Promise<void>;
}

/** Bytes that carry the revision they are stored at, in decimal digits. */
export interface ValueAt {
  at(revision: number): Uint8Array;
  /** What stands before and behind the digits. */
  parts(): readonly [Uint8Array, Uint8Array];
}

/** How reads keep up with what is written elsewhere. */
export interface SharedReads {
  /**
   * Resolves when reads see every write that anybody had acknowledged before the call.
   * @throws StoreUnavailable
   */
  current(): Promise<void>;
  /** Whether reads see `revision`, or come to do so in time. */
  reached(revision: number, milliseconds: number): Promise<boolean>;
}

export interface Entry {
  readonly key: string;
  /** May have to be unpacked: read it once, and when it is needed. It need not be the same array each time. */
  readonly value: Uint8Array;
  /** Bytes of the value, known without unpacking it. */
  readonly size: number;
  /** The revision of the write that made this value. */
  readonly revision: number;
  /** The revision at which the key was created. */
  readonly createRevision: number;
  /** Whatever a reader made of the value and wants to find here again. */
  derived?: unknown;
}

export interface ListOptions {
  /** At most this many entries. */
  limit?: number;
  /** Only keys after this one. */
  after?: string;
}

export interface ListResult {
  entries: readonly Entry[];
  /** The store's revision the list is true for. */
  revision: number;
  /** How many more entries follow past `limit`. */
  remaining: number;
}

export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  /** What is under the key now; for `delete`, its last entry with the final value. */
  readonly entry: Entry;
  readonly value: Uint8Array;
  readonly revision: number;
  /** The entry before this change, where there was one. */
  readonly previous: Entry | undefined;
}

export type WatchListener = (changes: readonly Change[], revision: number) => void;

export interface WatchHandle {
  /** Ends the watch; the listener is not called again. */
  close(): void;
}

/** A conditional write met another revision of the key. `current` is undefined where there is no such key. */
export class RevisionMismatch extends Error {
  readonly key: string;
  readonly current: Entry | undefined;
  constructor(key: string, expected: number, current: Entry | undefined) {
    super(`key ${key} stands at revision ${current?.revision ?? 0}, not at ${expected}`);
    this.name = 'RevisionMismatch';
    this.key = key;
    this.current = current;
  }
}

/** History from before this revision is gone: the caller lists anew. */
export class RevisionCompacted extends Error {
  readonly compactedRevision: number;
  constructor(asked: number, compactedRevision: number) {
    super(`revision ${asked} is compacted; the oldest kept is ${compactedRevision}`);
    this.name = 'RevisionCompacted';
    this.compactedRevision = compactedRevision;
  }
}

/**
 * A write could not be made durable, or a shared store be asked: the disk is full, etcd does not answer. `cause`
 * says which.
 */
export class StoreUnavailable extends Error {
  constructor(cause: unknown, doing: 'write' | 'be read' = 'write') {
    super(`the store cannot ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreUnavailable';
  }
}
