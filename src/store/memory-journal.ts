import type { Journal, JournalBatch, JournalContents, JournalRecord } from './journal.ts';

/**
 * A journal that keeps its records in memory, if at all. For tests it can fail, wait and be opened again by
 * another store.
 */
export class MemoryJournal implements Journal {
  readonly #keep: boolean;
  readonly #records = new Map<number, JournalRecord>();
  #compactedRevision = 0;
  /** Set by a test: the next appends reject with it. */
  failure: Error | undefined;
  /** Set by a test: appends wait for it. */
  gate: Promise<void> | undefined;
  /** How many records each append brought. */
  readonly batches: number[] = [];

  /** @param options.keep whether the records outlive the store, for a test that opens it again. */
  constructor(options: { keep: boolean }) {
    this.#keep = options.keep;
  }

  async open(): Promise<JournalContents> {
    return { records: [...this.#records.values()], compactedRevision: this.#compactedRevision };
  }

  async append({ records, obsolete, compactedRevision }: JournalBatch): Promise<void> {
    await this.gate;
    if (this.failure) throw this.failure;
    if (!this.#keep) return;
    this.batches.push(records.length);
    for (const record of records) this.#records.set(record.revision, record);
    for (const revision of obsolete) this.#records.delete(revision);
    this.#compactedRevision = compactedRevision;
  }

  async close(): Promise<void> {}
}
