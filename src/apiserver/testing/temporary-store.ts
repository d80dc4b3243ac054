import {
  type Change,
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionCompacted,
  RevisionMismatch,
  type Store,
  type ValueAt,
  type WatchHandle,
  type WatchListener,
} from '../../store/store.ts';

/** A stand-in until src/store has one. */
export class TemporaryStore implements Store {
  revision = 1;
  compactedRevision = 0;
  #entries = new Map<string, Entry>();
  #log: Change[] = [];
  #watchers = new Set<{ prefix: string; listener: WatchListener }>();

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }
  list(prefix: string, options: ListOptions = {}): ListResult {
    let entries = [...this.#entries.values()].filter(
      e => e.key.startsWith(prefix) && (options.after === undefined || e.key > options.after),
    );
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    const total = entries.length;
    if (options.limit !== undefined) entries = entries.slice(0, options.limit);
    return { entries, revision: this.revision, remaining: total - entries.length };
  }
  count(prefix: string): number {
    return this.list(prefix).entries.length;
  }
  async put(key: string, value: Uint8Array | ValueAt, expected: number): Promise<Entry> {
    const current = this.#entries.get(key);
    if ((current?.revision ?? 0) !== expected) throw new RevisionMismatch(key, expected, current);
    const revision = ++this.revision;
    const bytes = typeof value === 'function' ? value(revision) : value;
    const entry = { key, value: bytes, revision, createRevision: current?.createRevision ?? revision };
    this.#entries.set(key, entry);
    this.#emit({ type: 'put', key, value: bytes, revision, previous: current });
    return entry;
  }
  async delete(key: string, expected: number, finalValue?: Uint8Array | ValueAt): Promise<Entry> {
    const current = this.#entries.get(key);
    if (!current || current.revision !== expected) throw new RevisionMismatch(key, expected, current);
    const revision = ++this.revision;
    const bytes = typeof finalValue === 'function' ? finalValue(revision) : (finalValue ?? current.value);
    this.#entries.delete(key);
    this.#emit({ type: 'delete', key, value: bytes, revision, previous: current });
    return { key, value: bytes, revision, createRevision: current.createRevision };
  }
  watch(prefix: string, after: number, listener: WatchListener): WatchHandle {
    if (after < this.compactedRevision) throw new RevisionCompacted(after, this.compactedRevision);
    const watcher = { prefix, listener };
    this.#watchers.add(watcher);
    const old = this.#log.filter(c => c.revision > after && c.key.startsWith(prefix));
    if (old.length) listener(old, this.revision);
    return { close: () => void this.#watchers.delete(watcher) };
  }
  async compact(revision: number): Promise<void> {
    this.compactedRevision = revision;
    this.#log = this.#log.filter(c => c.revision > revision);
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  #emit(change: Change): void {
    this.#log.push(change);
    for (const { prefix, listener } of this.#watchers)
      if (change.key.startsWith(prefix)) listener([change], change.revision);
  }
}
