import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { History, type HistoryLimits } from './history.ts';
import type { JournalContents, JournalRecord } from './journal.ts';
import { defaultRestingLimits, type RestingLimits, RestingValues } from './resting-values.ts';
import { SortedEntries } from './sorted-entries.ts';
import {
  type Change,
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionCompacted,
  type WatchHandle,
  type WatchListener,
} from './store.ts';
import { EntryChange, StoredEntry } from './stored-entry.ts';
import { ValueSlabs } from './value-slabs.ts';
import { WatchIndex } from './watch-index.ts';

/**
 * What reads and watches see: the current entries, the history kept for watches, and the watchers. It changes
 * by `commit` only, with what is durable already. An entry is the same one wherever it stands; values nobody
 * reads are compressed.
 */
export class RevisionLog {
  readonly #clock: Clock;
  readonly #entries = new SortedEntries();
  readonly #history: History;
  readonly #watches: WatchIndex;
  readonly #resting: RestingValues;
  readonly #slabs = new ValueSlabs();
  #revision = 1;
  #compactedRevision = 0;
  /** Revisions of records that no current entry and no kept change needs; taken by `takeObsolete`. */
  #obsolete: number[] = [];

  constructor(
    deps: { clock: Clock; log: Logger },
    limits: HistoryLimits,
    resting: RestingLimits = defaultRestingLimits,
  ) {
    this.#clock = deps.clock;
    this.#history = new History(limits);
    this.#watches = new WatchIndex(deps.log);
    this.#resting = new RestingValues({ ...deps, entries: this.#entries, history: this.#history }, resting);
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  list(prefix: string, { limit, after }: ListOptions): ListResult {
    const entries = this.#entries.range(prefix, after, limit);
    const all = limit === undefined ? entries.length : this.#entries.count(prefix, after);
    return { entries, revision: this.#revision, remaining: all - entries.length };
  }

  count(prefix: string): number {
    return this.#entries.count(prefix);
  }

  /** Calls `listener` with the history after `after` before it returns. */
  watch(prefix: string, after: number, listener: WatchListener): WatchHandle {
    if (after < this.#compactedRevision) throw new RevisionCompacted(after, this.#compactedRevision);
    const missed = this.#history.after(after, change => change.key.startsWith(prefix));
    if (missed.length > 0) listener(missed, this.#revision);
    return this.#watches.add(prefix, Math.max(after, this.#revision), listener);
  }

  /** Takes over what a journal held. */
  load({ records, compactedRevision }: JournalContents): void {
    const now = this.#clock.monotonic();
    const current = new Map<string, StoredEntry>();
    let bytes = 0;
    this.#compactedRevision = compactedRevision;
    this.#revision = Math.max(1, compactedRevision);
    for (const record of records) {
      const change = this.#changeOf(record, current.get(record.key));
      if (record.type === 'put') current.set(record.key, change.entry);
      else current.delete(record.key);
      if (record.revision > compactedRevision) this.#history.push(change, now);
      this.#revision = Math.max(this.#revision, record.revision);
    }
    this.#entries.fill(current.values());
    for (const entry of current.values()) bytes += entry.size;
    this.#resting.added(bytes);
  }

  /** Makes durable records visible, then tells the watchers. Returns the entries, one a record. */
  commit(records: readonly JournalRecord[]): Entry[] {
    const last = records.at(-1);
    if (!last) return [];
    let bytes = 0;
    const now = this.#clock.monotonic();
    const changes = records.map(record => {
      const change = this.#changeOf(record, this.#entries.get(record.key));
      if (record.type === 'put') this.#entries.set(change.entry);
      else this.#entries.delete(record.key);
      this.#history.push(change, now);
      bytes += change.entry.size;
      return change;
    });
    this.#revision = last.revision;
    this.#forget(this.#history.trim(now));
    this.#watches.tell(changes, this.#revision);
    this.#resting.added(bytes);
    return changes.map(change => change.entry);
  }

  /** The store stands at `revision` though the changes up to there, if any, were of nothing in here. */
  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Forgets the history up to and including `revision`. */
  compact(revision: number): void {
    this.#forget(this.#history.dropThrough(revision));
    this.#compactedRevision = Math.max(this.#compactedRevision, Math.min(revision, this.#revision));
  }

  /** What a journal may drop since the last call. */
  takeObsolete(): number[] {
    const taken = this.#obsolete;
    this.#obsolete = [];
    return taken;
  }

  /** What was taken and could not be dropped. */
  putBackObsolete(revisions: readonly number[]): void {
    this.#obsolete.push(...revisions);
  }

  closeWatches(): void {
    this.#resting.stop();
    this.#watches.closeAll();
  }

  #changeOf(record: JournalRecord, previous: StoredEntry | undefined): EntryChange {
    const { type, value, revision, createRevision } = record;
    // One text for all values a key has had, of which the history keeps many.
    const key = previous?.key ?? record.key;
    const entry = new StoredEntry(key, this.#slabs.copy(value), revision, createRevision);
    return new EntryChange(type, entry, previous);
  }

  /**
   * A change that is no longer kept needs its previous value no more; a deletion then leaves no trace at all.
   * A put's own record stays: it is the current entry, or the previous value of a change still kept.
   */
  #forget(dropped: readonly Change[]): void {
    for (const { type, revision, previous } of dropped) {
      if (previous) this.#obsolete.push(previous.revision);
      if (type === 'delete') this.#obsolete.push(revision);
    }
    this.#compactedRevision = Math.max(this.#compactedRevision, dropped.at(-1)?.revision ?? 0);
  }
}
