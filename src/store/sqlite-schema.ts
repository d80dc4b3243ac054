import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JournalContents, JournalRecord } from './journal.ts';

/** Counted up when the tables change; a file of a later version is not touched. */
const schemaVersion = 1;

const schema = `
BEGIN;
CREATE TABLE IF NOT EXISTS log (
  revision INTEGER PRIMARY KEY,
  type INTEGER NOT NULL, -- 0 put, 1 delete
  key TEXT NOT NULL,
  create_revision INTEGER NOT NULL,
  value BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('compacted', 0);
PRAGMA user_version = ${schemaVersion};
COMMIT;
`;

/**
 * Opens the file for writing: WAL, where a commit is one append and one fsync (synchronous=FULL), and locked
 * against any other process. Its folder and the file are readable by their owner only, for it holds secrets.
 */
export function openForWriting(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    if (version > schemaVersion)
      throw new Error(`${path} was written by a newer version (schema ${version})`);
    if (version < schemaVersion) db.exec(schema);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Everything in the file, values as arrays of their own. */
export function readAll(db: DatabaseSync): JournalContents {
  const compacted = db.prepare(`SELECT value FROM meta WHERE name = 'compacted'`).get();
  const rows = db.prepare('SELECT revision, type, key, create_revision, value FROM log ORDER BY revision');
  rows.setReturnArrays(true);
  const records: JournalRecord[] = [];
  for (const row of rows.iterate() as unknown as Iterable<[number, number, string, number, Uint8Array]>) {
    const [revision, type, key, createRevision, value] = row;
    records.push({ type: type === 0 ? 'put' : 'delete', key, value, revision, createRevision });
  }
  return { records, compactedRevision: Number(compacted?.value ?? 0) };
}
