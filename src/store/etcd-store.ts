import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { GrpcError, grpcCode } from '../grpc/grpc-channel.ts';
import { EtcdClient, type EtcdClientOptions } from './etcd-client.ts';
import { EtcdFeed } from './etcd-feed.ts';
import { EtcdLayout, packFinal, packValue } from './etcd-layout.ts';
import { claimPrefix, refuseHalfRestored } from './etcd-owner.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { RevisionLog } from './revision-log.ts';
import {
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionMismatch,
  type SharedReads,
  type Store,
  StoreUnavailable,
  type ValueAt,
  type WatchHandle,
  type WatchListener,
} from './store.ts';

export interface EtcdStoreOptions extends EtcdClientOptions {
  /** Everything is kept below it: `/causeway/NAME`. */
  prefix: string;
  /** Whose data it is: data of another cluster below the same prefix is refused. */
  cluster?: string;
  history?: Partial<HistoryLimits>;
}

/** How often etcd is told to forget what no server here keeps for watches, milliseconds. */
const compactInterval = 60_000;

type Write = NonNullable<Parameters<EtcdClient['txn']>[0]['success']>[number];

/**
 * The store on etcd v3, which several servers share. Each holds everything in memory, fed by a watch: reads and
 * watches are served from there. A write is one transaction, and is acknowledged when etcd has committed it
 * and the own memory shows it. A resourceVersion is etcd's revision.
 */
export class EtcdStore implements Store {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #client: EtcdClient;
  readonly #layout: EtcdLayout;
  readonly #visible: RevisionLog;
  readonly #feed: EtcdFeed;
  readonly #cluster: string | undefined;
  readonly #writes = new Set<Promise<unknown>>();
  #endCompaction: Cancel | undefined;
  #state: 'new' | 'open' | 'stopped' = 'new';
  #failure: Error | undefined;
  #compacted = 0;
  #asking: Promise<number> | undefined;
  #askNext: Promise<number> | undefined;

  /** @param deps.lost is told when this store cannot go on: it has to be started anew. */
  constructor(
    deps: { clock: Clock; log: Logger; lost: (reason: Error) => void },
    { prefix, cluster, history, ...options }: EtcdStoreOptions,
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#cluster = cluster;
    this.#layout = new EtcdLayout(prefix);
    this.#client = new EtcdClient(deps, options);
    this.#visible = new RevisionLog(deps, { ...defaultHistoryLimits, ...history });
    this.#feed = new EtcdFeed({ ...deps, client: this.#client, visible: this.#visible }, this.#layout);
  }

  get revision(): number {
    return this.#visible.revision;
  }

  get compactedRevision(): number {
    return this.#visible.compactedRevision;
  }

  get failure(): Error | undefined {
    return this.#failure ?? this.#feed.failure;
  }

  readonly shared: SharedReads = {
    current: () => this.#current(),
    reached: (revision, milliseconds) => this.#reached(revision, milliseconds),
  };

  /** @throws StoreUnavailable when etcd is not reached, Error when it holds another cluster's data. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      if (this.#cluster !== undefined) await claimPrefix(this.#client, this.#layout, this.#cluster);
      await refuseHalfRestored(this.#client, this.#layout);
      await this.#feed.start(signal);
    } catch (error) {
      this.#client.close();
      await this.#feed.stop();
      throw error;
    }
    this.#state = 'open';
    this.#endCompaction = this.#clock.every(compactInterval, () => void this.#compactEtcd());
  }

  async stop(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'stopped';
    this.#endCompaction?.();
    await Promise.allSettled(this.#writes);
    this.#visible.closeWatches();
    await this.#feed.stop();
    this.#client.close();
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
    const put: Write[] = [{ requestPut: { key: this.#layout.entry(key), value: packValue(value) } }];
    const isOurs = (seen: Entry | undefined) =>
      seen !== undefined && Buffer.compare(bytesAt(value, seen.revision), seen.value) === 0;
    return this.#track(async () => {
      const revision = await this.#write(key, expected, put, isOurs);
      // The bytes that everybody else sees, unless a later write came in between.
      const seen = this.#visible.get(key);
      if (seen?.revision === revision) return seen;
      const createRevision = seen?.createRevision ?? revision;
      const bytes = bytesAt(value, revision);
      return { key, value: bytes, size: bytes.byteLength, revision, createRevision };
    });
  }

  delete(key: string, expected: number, finalValue?: Uint8Array | ValueAt): Promise<Entry> {
    const remove: Write[] = [{ requestDeleteRange: { key: this.#layout.entry(key) } }];
    if (finalValue !== undefined) {
      remove.unshift({ requestPut: { key: this.#layout.final, value: packFinal(key, finalValue) } });
    }
    return this.#track(async () => {
      if (expected === 0) throw new RevisionMismatch(key, expected, await this.#currentEntry(key));
      const before = this.#visible.get(key);
      const revision = await this.#write(key, expected, remove, seen => seen === undefined);
      const value = bytesAt(finalValue ?? before?.value ?? new Uint8Array(0), revision);
      const createRevision = before?.createRevision ?? expected;
      return { key, value, size: value.byteLength, revision, createRevision };
    });
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    this.#visible.compact(revision);
    this.#visible.takeObsolete();
    await this.#client.compact(Math.min(revision, this.revision));
  }

  /**
   * One conditional transaction; resolves with its revision when the memory shows it.
   * @param isOurs whether what is there is what this write makes.
   * @throws RevisionMismatch, StoreUnavailable
   */
  async #write(
    key: string,
    expected: number,
    success: Write[],
    isOurs: (seen: Entry | undefined) => boolean,
  ): Promise<number> {
    const compare = [{ target: 'MOD' as const, key: this.#layout.entry(key), modRevision: expected }];
    const { succeeded, repeated, revision } = await this.#commit({ compare, success });
    if (succeeded) return revision;
    const seen = this.#visible.get(key);
    // The first sending may have been carried out and only its answer lost.
    if (repeated && isOurs(seen)) return seen?.revision ?? revision;
    throw new RevisionMismatch(key, expected, seen);
  }

  async #commit(request: Parameters<EtcdClient['txn']>[0]) {
    try {
      const reply = await this.#client.txn(request);
      const { revision } = reply.header!;
      await this.#feed.reach(revision, reply.succeeded);
      this.#failure = undefined;
      return { succeeded: reply.succeeded, repeated: reply.repeated, revision };
    } catch (error) {
      const failure = new StoreUnavailable(error);
      this.#log.warn('etcd did not take a write', { error });
      // A value that is too large says nothing about the next.
      if (!(error instanceof GrpcError && error.code === grpcCode.invalidArgument)) this.#failure = failure;
      throw failure;
    }
  }

  async #currentEntry(key: string): Promise<Entry | undefined> {
    await this.#current();
    return this.#visible.get(key);
  }

  /** Asks etcd for its revision, once for all who ask meanwhile, and waits for the memory to be there. */
  async #current(): Promise<void> {
    this.#assertOpen();
    await this.#feed.reach(await this.#askRevision());
  }

  /** An answer counts for a question only if it was asked of etcd after that. */
  #askRevision(): Promise<number> {
    if (!this.#asking) return this.#ask();
    this.#askNext ??= this.#asking
      .catch(() => undefined)
      .then(() => {
        this.#askNext = undefined;
        return this.#ask();
      });
    return this.#askNext;
  }

  #ask(): Promise<number> {
    const asking = this.#client
      .range({ key: this.#layout.cluster, countOnly: true })
      .then(reply => reply.header!.revision)
      .catch(error => {
        throw new StoreUnavailable(error, 'be read');
      })
      .finally(() => {
        if (this.#asking === asking) this.#asking = undefined;
      });
    this.#asking = asking;
    return asking;
  }

  async #reached(revision: number, milliseconds: number): Promise<boolean> {
    if (this.revision >= revision) return true;
    const late = this.#clock.sleep(milliseconds).then(() => false);
    const there = this.#current().then(() => this.revision >= revision);
    return Promise.race([there, late]);
  }

  async #compactEtcd(): Promise<void> {
    const { compactedRevision } = this.#visible;
    if (compactedRevision <= this.#compacted) return;
    this.#compacted = compactedRevision;
    await this.#client
      .compact(compactedRevision)
      .catch(error => this.#log.warn('etcd could not be compacted', { error }));
  }

  #track<T>(write: () => Promise<T>): Promise<T> {
    try {
      this.#assertOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    const under = write();
    this.#writes.add(under);
    const forget = () => this.#writes.delete(under);
    under.then(forget, forget);
    return under;
  }

  #assertOpen(): void {
    if (this.#state !== 'open')
      throw new Error(this.#state === 'new' ? 'the store is not started' : 'the store is stopped');
  }
}

function bytesAt(value: Uint8Array | ValueAt, revision: number): Uint8Array {
  return value instanceof Uint8Array ? value : value.at(revision);
}
