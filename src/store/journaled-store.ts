import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { HistoryLimits } from './history.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { RestingLimits } from './resting-values.ts';
import { RevisionLog } from './revision-log.ts';
import {
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionMismatch,
  type Store,
  StoreUnavailable,
  type ValueAt,
  type WatchHandle,
  type WatchListener,
} from './store.ts';

/** What a batch holds at most, so that one commit does not hold up the next for long. */
const batchRecords = 2048;
const batchBytes = 8 * 1024 * 1024;

/** A batch on its way to the journal. */
interface Flight {
  writes: Pending[];
  obsolete: number[];
  /** Never rejects; undefined when the batch is durable. */
  outcome: Promise<StoreUnavailable | undefined>;
}

/** A write that is checked but not durable. */
interface Pending {
  record: JournalRecord;
  /** What the key holds once this is durable; undefined for a deletion. */
  entry: Entry | undefined;
  settled: PromiseWithResolvers<Entry>;
}

/**
 * A store that holds the current entries in memory and makes writes durable in a journal. Writes are checked
 * against what is pending, gathered while a batch is under way and appended together; they become visible and
 * are acknowledged when their batch is durable. Where a batch fails, all that waits behind it fails with it,
 * for it was checked against what is not there.
 */
export class JournaledStore implements Store {
  readonly #log: Logger;
  readonly #journal: Journal;
  readonly #visible: RevisionLog;
  #queue: Pending[] = [];
  /** The newest pending write of each key. */
  readonly #pending = new Map<string, Pending>();
  #nextRevision = 2;
  #flushing: Promise<void> | undefined;
  #compactionDue = false;
  #state: 'new' | 'open' | 'stopped' = 'new';
  #failure: Error | undefined;

  constructor(
    deps: { clock: Clock; log: Logger; journal: Journal },
    limits: HistoryLimits,
    resting?: RestingLimits,
  ) {
    this.#log = deps.log;
    this.#journal = deps.journal;
    this.#visible = new RevisionLog(deps, limits, resting);
  }

  get revision(): number {
    return this.#visible.revision;
  }

  get compactedRevision(): number {
    return this.#visible.compactedRevision;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  async start(_signal: AbortSignal): Promise<void> {
    this.#visible.load(await this.#journal.open());
    this.#nextRevision = this.#visible.revision + 1;
    this.#state = 'open';
  }

  async stop(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'stopped';
    await this.#flushing;
    this.#visible.closeWatches();
    await this.#journal.close();
  }

  get(key: string): Entry | undefined {
    return this.#visible.get(key);
  }

  list(prefix: string, options: ListOptions = {}): ListResult {
    return this.#visible.list(prefix, options);
  }

  count(prefix: string): number {
    return this.#visible.count(prefix);
  }

  watch(prefix: string, after: number, listener: WatchListener): WatchHandle {
    return this.#visible.watch(prefix, after, listener);
  }

  put(key: string, value: Uint8Array | ValueAt, expected: number): Promise<Entry> {
    return this.#write(key, expected, (present, revision) => {
      const createRevision = present?.createRevision ?? revision;
      return { type: 'put', key, value: bytesAt(value, revision), revision, createRevision };
    });
  }

  delete(key: string, expected: number, finalValue?: Uint8Array | ValueAt): Promise<Entry> {
    return this.#write(key, expected, (present, revision) => {
      if (!present) throw new RevisionMismatch(key, expected, undefined);
      const value = finalValue === undefined ? present.value : bytesAt(finalValue, revision);
      return { type: 'delete', key, value, revision, createRevision: present.createRevision };
    });
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    this.#visible.compact(revision);
    this.#compactionDue = true;
    this.#flushing ??= this.#flush();
    await this.#flushing;
    if (this.#failure) throw this.#failure;
  }

  /** Checks and enqueues at once, in the order of the calls; only then waits. */
  async #write(
    key: string,
    expected: number,
    make: (present: Entry | undefined, revision: number) => JournalRecord,
  ): Promise<Entry> {
    for (;;) {
      this.#assertOpen();
      const pending = this.#pending.get(key);
      const present = pending ? pending.entry : this.#visible.get(key);
      if ((present?.revision ?? 0) === expected) return this.#enqueue(make(present, this.#nextRevision));
      // What is pending may fail, and the caller could not read it yet: the mismatch is told when it stands.
      if (!pending) throw new RevisionMismatch(key, expected, present);
      await pending.settled.promise.catch(() => undefined);
    }
  }

  #enqueue(record: JournalRecord): Promise<Entry> {
    const { type, key, value, revision, createRevision } = record;
    const entry = { key, value, size: value.byteLength, revision, createRevision };
    const pending = {
      record,
      entry: type === 'put' ? entry : undefined,
      settled: Promise.withResolvers<Entry>(),
    };
    this.#nextRevision = revision + 1;
    this.#pending.set(key, pending);
    this.#queue.push(pending);
    this.#flushing ??= this.#flush();
    return pending.settled.promise;
  }

  async #flush(): Promise<void> {
    // What the same turn writes goes together.
    await Promise.resolve();
    let flight = this.#launch();
    while (flight) {
      const error = await flight.outcome;
      // The journal writes the next batch while the watchers are told of this one.
      const next = error ? undefined : this.#launch();
      if (error) this.#reject(flight, error);
      else this.#accept(flight);
      flight = next ?? this.#launch();
    }
    this.#flushing = undefined;
  }

  #launch(): Flight | undefined {
    if (this.#queue.length === 0 && !this.#compactionDue) return undefined;
    this.#compactionDue = false;
    const writes = this.#queue.splice(0, batchSize(this.#queue));
    const obsolete = this.#visible.takeObsolete();
    const records = writes.map(write => write.record);
    const { compactedRevision } = this.#visible;
    const appended = this.#journal.append({ records, obsolete, compactedRevision });
    const outcome = appended.then(
      () => undefined,
      cause => new StoreUnavailable(cause),
    );
    return { writes, obsolete, outcome };
  }

  #accept({ writes }: Flight): void {
    if (this.#failure) this.#log.info('the store writes again');
    this.#failure = undefined;
    for (const write of writes) this.#forgetPending(write);
    const entries = this.#visible.commit(writes.map(write => write.record));
    for (const [at, write] of writes.entries()) write.settled.resolve(entries[at]!);
  }

  #reject({ writes, obsolete }: Flight, failure: StoreUnavailable): void {
    if (!this.#failure) this.#log.error('the store cannot write', { error: failure.cause });
    this.#failure = failure;
    this.#visible.putBackObsolete(obsolete);
    for (const write of [...writes, ...this.#queue.splice(0)]) {
      this.#forgetPending(write);
      write.settled.reject(failure);
    }
  }

  #forgetPending(write: Pending): void {
    const { key } = write.record;
    if (this.#pending.get(key) === write) this.#pending.delete(key);
  }

  #assertOpen(): void {
    if (this.#state !== 'open')
      throw new Error(this.#state === 'new' ? 'the store is not started' : 'the store is stopped');
  }
}

function batchSize(queue: readonly Pending[]): number {
  let bytes = 0;
  const end = queue.findIndex(({ record }, at) => {
    bytes += record.value.byteLength;
    return at === batchRecords || (at > 0 && bytes > batchBytes);
  });
  return end < 0 ? queue.length : end;
}

function bytesAt(value: Uint8Array | ValueAt, revision: number): Uint8Array {
  return value instanceof Uint8Array ? value : value.at(revision);
}
