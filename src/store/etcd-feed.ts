import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { DecodedIn } from '../grpc/schema.ts';
import type { EtcdClient } from './etcd-client.ts';
import { type EtcdLayout, unpackFinal, unpackValue } from './etcd-layout.ts';
import type { EtcdSchema } from './etcd-schema.ts';
import type { JournalRecord } from './journal.ts';
import type { RevisionLog } from './revision-log.ts';

type WatchResponse = DecodedIn<EtcdSchema, 'WatchResponse'>;
type EtcdEvent = DecodedIn<EtcdSchema, 'Event'>;

/** Entries read at a time while the store is loaded. */
const pageSize = 1000;
const pauseBeforeReconnect = 100;
/** A revision that does not show up within this may be of a key that is not ours: a tick tells. */
const tickAfter = 20;
/** etcd looks ten times a second after watches that begin in the past. */
const tickAfterFresh = 250;

interface Waiter {
  revision: number;
  /** The revision is one that the watch tells of. */
  certain: boolean;
  done: PromiseWithResolvers<void>;
}

/**
 * Keeps a revision log what etcd has: loads the entries and the history that etcd still knows, then follows
 * one watch over everything below the prefix. A broken watch goes on, on the next member, behind the last
 * revision that came.
 */
export class EtcdFeed {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #client: EtcdClient;
  readonly #layout: EtcdLayout;
  readonly #visible: RevisionLog;
  readonly #lost: (reason: Error) => void;
  /** Every change up to this revision has come. */
  #progress = 1;
  /** Where the next watch begins. */
  #from = 1;
  /** What was there and happened before the log was loaded; undefined from then on. */
  #loading: { records: JournalRecord[]; compactedRevision: number; until: number } | undefined;
  #final: { key: string; value: Uint8Array; revision: number } | undefined;
  readonly #waiters = new Set<Waiter>();
  #tick: Cancel | undefined;
  /** When the present watch began, monotonic milliseconds. */
  #watchBegan = 0;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @param deps.lost is told when changes were missed that etcd does not know any more. */
  constructor(
    deps: {
      clock: Clock;
      log: Logger;
      client: EtcdClient;
      visible: RevisionLog;
      lost: (reason: Error) => void;
    },
    layout: EtcdLayout,
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#client = deps.client;
    this.#visible = deps.visible;
    this.#lost = deps.lost;
    this.#layout = layout;
  }

  /** Why no changes come at present. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when everything that etcd had at the call is loaded. */
  async start(signal: AbortSignal): Promise<void> {
    const { header } = await this.#client.range({ ...this.#layout.all, countOnly: true });
    this.#loading = { records: [], compactedRevision: 0, until: header!.revision };
    // Where there is nothing to catch up with, a watch for what comes gets it at once.
    if (header!.revision === this.#progress) this.#from = this.#progress + 1;
    this.#watchBegan = this.#clock.monotonic();
    const loaded = this.reach(header!.revision);
    this.#running = this.#run(AbortSignal.any([signal, this.#stopping.signal]));
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    await Promise.race([loaded, aborted]);
    if (this.#loading) this.#finishLoading(this.#loading);
  }

  async stop(): Promise<void> {
    this.#tick?.();
    this.#stopping.abort(new Error('the store is stopped'));
    for (const { done } of this.#waiters) done.reject(this.#stopping.signal.reason as Error);
    this.#waiters.clear();
    await this.#running;
  }

  /**
   * Resolves when reads see everything up to `revision`, which etcd has reached.
   * @param certain whether it is the revision of a key below the prefix, so that its change is sure to come.
   */
  reach(revision: number, certain = false): Promise<void> {
    if (this.#progress >= revision && !this.#loading) return Promise.resolve();
    this.#stopping.signal.throwIfAborted();
    const waiter = { revision, certain, done: Promise.withResolvers<void>() };
    this.#waiters.add(waiter);
    if (certain) return waiter.done.promise;
    const fresh = this.#clock.monotonic() - this.#watchBegan < tickAfterFresh;
    this.#tick ??= this.#clock.after(fresh ? tickAfterFresh : tickAfter, () => void this.#sendTick());
    if (this.#progress >= revision) this.#settle();
    return waiter.done.promise;
  }

  /**
   * The last revision may be of a key that the watch does not cover. A write of our own, which comes behind
   * it, shows that there is nothing left to wait for.
   */
  async #sendTick(): Promise<void> {
    if (this.#uncertain) {
      const stamp = Buffer.from(String(this.#clock.now()));
      await this.#client
        .put({ key: this.#layout.tick, value: stamp })
        .catch(error => this.#log.debug('no tick could be written', { error }));
    }
    if (this.#stopping.signal.aborted) return;
    this.#tick = undefined;
    // Lost with a connection, or written while none was watching: it comes again as long as someone waits.
    if (this.#uncertain) this.#tick = this.#clock.after(500, () => void this.#sendTick());
  }

  get #uncertain(): boolean {
    return [...this.#waiters].some(waiter => !waiter.certain);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failure ??= new Error(`the watch on etcd broke: ${(error as Error).message}`, { cause: error });
        this.#log.warn('the watch on etcd broke; it goes on with the next member', { error });
      }
      await this.#clock.sleep(pauseBeforeReconnect, signal).catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const request = { ...this.#layout.all, startRevision: this.#from, fragment: true };
    this.#watchBegan = this.#clock.monotonic();
    for await (const response of this.#client.watch(request, signal)) {
      if (response.canceled) {
        if (response.compactRevision > 0) return this.#compacted(response.compactRevision);
        throw new Error(response.cancelReason || 'etcd ended the watch');
      }
      if (this.#failure) this.#log.info('the watch on etcd goes on', { revision: this.#progress });
      this.#failure = undefined;
      this.#take(response);
    }
  }

  /** What lies before `revision` is not known to etcd any more. */
  async #compacted(revision: number): Promise<void> {
    if (!this.#loading) {
      this.#stopping.abort(new Error('changes in etcd were missed'));
      this.#lost(
        new Error(
          `changes were missed: etcd knows none before ${revision}, seen were those up to ${this.#progress}`,
        ),
      );
      return;
    }
    this.#loading.records = await this.#entriesAt(revision);
    this.#loading.compactedRevision = revision;
    this.#moveTo(revision);
    this.#settle();
  }

  /** @throws GrpcError when that revision is compacted meanwhile; the watch tells the newer one then. */
  async #entriesAt(revision: number): Promise<JournalRecord[]> {
    const records: JournalRecord[] = [];
    let { key } = this.#layout.entries;
    const { rangeEnd } = this.#layout.entries;
    for (let more = true; more; ) {
      const page = await this.#client.range({ key, rangeEnd, revision, limit: pageSize });
      for (const kv of page.kvs) {
        records.push({
          type: 'put',
          key: this.#layout.keyOf(kv.key)!,
          value: unpackValue(kv.value, kv.modRevision),
          revision: kv.modRevision,
          createRevision: kv.createRevision,
        });
      }
      more = page.more;
      key = `${page.kvs.at(-1)?.key}\0`;
    }
    return records.sort((a, b) => a.revision - b.revision);
  }

  #take({ events }: WatchResponse): void {
    const records: JournalRecord[] = [];
    const before = this.#progress;
    let reached = before;
    // Of the values that this message brings; older ones are in the log.
    const fresh = new Map<string, Uint8Array | undefined>();
    for (const event of events) {
      const { key: etcdKey, modRevision: revision } = event.kv!;
      if (revision <= before) continue;
      if (etcdKey === this.#layout.final) {
        this.#final = { ...unpackFinal(event.kv!.value, revision), revision };
        continue;
      }
      reached = revision;
      const key = this.#layout.keyOf(etcdKey);
      if (key === undefined) continue;
      const record = this.#recordOf(key, event, fresh);
      if (!record) continue;
      fresh.set(key, record.type === 'put' ? record.value : undefined);
      records.push(record);
    }
    if (reached === before) return;
    this.#moveTo(reached);
    if (this.#loading) this.#loading.records.push(...records);
    else this.#show(records);
    this.#settle();
  }

  #recordOf(
    key: string,
    { type, kv }: EtcdEvent,
    fresh: Map<string, Uint8Array | undefined>,
  ): JournalRecord | undefined {
    const { modRevision: revision, createRevision } = kv!;
    if (type === 'PUT') {
      return { type: 'put', key, value: unpackValue(kv!.value, revision), revision, createRevision };
    }
    const told = this.#final?.key === key && this.#final.revision === revision ? this.#final : undefined;
    const value = told?.value ?? (fresh.has(key) ? fresh.get(key) : this.#lastValue(key));
    return value && { type: 'delete', key, value, revision, createRevision: 0 };
  }

  #lastValue(key: string): Uint8Array | undefined {
    if (!this.#loading) return this.#visible.get(key)?.value;
    const last = this.#loading.records.findLast(record => record.key === key);
    return last?.type === 'put' ? last.value : undefined;
  }

  #show(records: readonly JournalRecord[]): void {
    this.#visible.commit(records);
    this.#visible.advance(this.#progress);
    // etcd forgets by itself what is compacted.
    this.#visible.takeObsolete();
  }

  #finishLoading({
    records,
    compactedRevision,
  }: {
    records: JournalRecord[];
    compactedRevision: number;
  }): void {
    this.#loading = undefined;
    this.#visible.load({ records, compactedRevision });
    this.#visible.advance(this.#progress);
  }

  #moveTo(revision: number): void {
    this.#progress = revision;
    // A watch goes on from the last revision seen and not from the one behind it: had that been compacted
    // away, etcd would not say so, and a deletion at it would be missed. What has been seen is left out.
    this.#from = revision;
  }

  #settle(): void {
    if (this.#loading && this.#progress >= this.#loading.until) this.#finishLoading(this.#loading);
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#progress || this.#loading) continue;
      this.#waiters.delete(waiter);
      waiter.done.resolve();
    }
  }
}
