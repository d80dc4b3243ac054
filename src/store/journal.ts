/**
 * Where a store makes its writes durable: an append-only log of records. A journal holds nothing in memory; it
 * is read once, at the start. Beside the memory journal (tests, a cluster that is to leave nothing behind)
 * there is one in an SQLite file.
 */
export interface Journal {
  /** Opens or makes it and reads all of it. */
  open(): Promise<JournalContents>;
  /**
   * Resolves when the batch is durable as a whole. After a rejection nothing of it counts: the next append
   * that succeeds removes what may be left of it. At most one append is under way at a time.
   */
  append(batch: JournalBatch): Promise<void>;
  close(): Promise<void>;
}

export interface JournalRecord {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  readonly createRevision: number;
}

export interface JournalContents {
  /** In the order of their revisions. */
  records: readonly JournalRecord[];
  /** History up to this revision was forgotten; it is a revision that was reached. */
  compactedRevision: number;
}

export interface JournalBatch {
  /** In the order of their revisions, which lie above all before. */
  records: readonly JournalRecord[];
  /** Revisions of records that nothing needs any more. */
  obsolete: readonly number[];
  compactedRevision: number;
}
