/**
 * The worker thread that writes the SQLite file, so that no fsync holds up the process's own thread. It keeps
 * no state but the open file; what it is sent and answers is in sqlite-messages.ts.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type AppendMessage,
  numbersPerRecord,
  type WriterAnswer,
  type WriterMessage,
} from './sqlite-messages.ts';
import { openForWriting } from './sqlite-schema.ts';

interface Open {
  db: DatabaseSync;
  insert: StatementSync;
  remove: StatementSync;
  removeAfter: StatementSync;
  setCompacted: StatementSync;
}

const { path } = workerData as { path: string };
let open: Open | undefined;

function openFile(): Open {
  const db = openForWriting(path);
  // A checkpoint moves the log into the file proper; every 16 MB it holds up one commit for some milliseconds.
  // The pages written are not read again: a small cache does.
  db.exec('PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -1024;');
  return {
    db,
    insert: db.prepare(
      'INSERT INTO log (revision, type, key, create_revision, value) VALUES (?, ?, ?, ?, ?)',
    ),
    remove: db.prepare('DELETE FROM log WHERE revision = ?'),
    removeAfter: db.prepare('DELETE FROM log WHERE revision > ?'),
    setCompacted: db.prepare(`UPDATE meta SET value = ? WHERE name = 'compacted'`),
  };
}

function append(message: AppendMessage): void {
  open ??= openFile();
  open.db.exec('BEGIN');
  if (message.removeAfter !== undefined) open.removeAfter.run(message.removeAfter);
  insertAll(open, message);
  for (const revision of message.obsolete) open.remove.run(revision);
  if (message.obsolete.length > 0 || message.compacted > 0) open.setCompacted.run(message.compacted);
  open.db.exec('COMMIT');
}

function insertAll({ insert }: Open, { numbers, keys, values }: AppendMessage): void {
  let offset = 0;
  for (let at = 0; at < keys.length; at++) {
    const [revision, type, createRevision, length] = numbers.subarray(at * numbersPerRecord);
    const value = values.subarray(offset, offset + length!);
    insert.run(revision!, type!, keys[at]!, createRevision!, value);
    offset += length!;
  }
}

/** After a failure nobody knows what the file holds: it is closed, and opened anew by the next append. */
function closeFile(): void {
  const { db } = open ?? {};
  open = undefined;
  db?.close();
}

function answer(message: WriterMessage): WriterAnswer {
  try {
    if (message === 'open') open ??= openFile();
    else if (message === 'close') closeFile();
    else append(message);
    return {};
  } catch (error) {
    try {
      closeFile();
    } catch {
      // The first failure is the one to tell.
    }
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (message: WriterMessage) => {
  parentPort?.postMessage(answer(message));
  if (message === 'close') parentPort?.close();
});
