import type { JournalBatch } from './journal.ts';

/** Sent to the writer; each message is answered by one `WriterAnswer`, in order. */
export type WriterMessage = 'open' | 'close' | AppendMessage;

/** Without `error` the message was carried out; an append is durable then. */
export interface WriterAnswer {
  error?: string;
}

/** `numbers` holds revision, type (0 put, 1 delete), createRevision and length of the value for each record. */
export const numbersPerRecord = 4;

/** A batch, packed so that it crosses to the writer with one copy of the values. */
export interface AppendMessage {
  numbers: Float64Array;
  keys: string[];
  /** The values one behind the other. */
  values: Uint8Array;
  obsolete: readonly number[];
  /** 0 where nothing was ever compacted. */
  compacted: number;
  /** Records after this revision are left from a failed append and are removed first. */
  removeAfter: number | undefined;
}

export function packBatch(batch: JournalBatch, removeAfter: number | undefined): AppendMessage {
  const { records, obsolete, compactedRevision: compacted } = batch;
  const numbers = new Float64Array(records.length * numbersPerRecord);
  const bytes = records.reduce((sum, record) => sum + record.value.byteLength, 0);
  const values = new Uint8Array(bytes);
  let offset = 0;
  for (const [at, { type, value, revision, createRevision }] of records.entries()) {
    const row = [revision, type === 'put' ? 0 : 1, createRevision, value.byteLength];
    numbers.set(row, at * numbersPerRecord);
    values.set(value, offset);
    offset += value.byteLength;
  }
  return { numbers, keys: records.map(record => record.key), values, obsolete, compacted, removeAfter };
}
