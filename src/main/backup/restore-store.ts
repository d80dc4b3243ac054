import { readFileSync, renameSync, rmSync } from 'node:fs';
import { carriesRevision, restamped } from '../../apiserver/objects/encoding.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { StoreConfig } from '../../cluster/config.ts';
import { restoreEtcd } from '../../store/etcd-restore.ts';
import { SqliteJournal } from '../../store/sqlite-journal.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import type { ValueAt } from '../../store/store.ts';
import type { Backup } from './backup-file.ts';

type Content = readonly [key: string, value: Uint8Array | ValueAt];

/** Records written at a time. */
const batch = 1000;

/**
 * Puts a backup in the place of everything that is stored; no server may run meanwhile. Every entry gets a
 * new revision, above all that there were, and the history before is forgotten: a client that watched from an
 * earlier one is told to list anew. Resolves with the newest revision.
 */
export function restoreStore(config: StoreConfig, backup: Backup, log: Logger): Promise<number> {
  const contents = backup.entries.map(([key, text]): Content => {
    const value = Buffer.from(text);
    return [key, carriesRevision(value) ? restamped(value) : value];
  });
  if (config.engine === 'sqlite') return restoreFile(config.path, contents, backup.revision, log);
  const { engine: _, files, ...options } = config;
  const tls = Object.fromEntries(
    Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')]),
  );
  return restoreEtcd({ clock: systemClock, log }, { ...options, tls }, contents, backup.revision);
}

/** Writes a new file beside the old one and moves it there, so that a failure leaves the old one. */
async function restoreFile(
  path: string,
  contents: readonly Content[],
  revision: number,
  log: Logger,
): Promise<number> {
  let last = Math.max(await revisionOf(path, log), revision);
  const fresh = `${path}.restored`;
  const remove = () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${fresh}${suffix}`, { force: true });
  };
  remove();
  try {
    const journal = new SqliteJournal({ log }, { path: fresh });
    await journal.open();
    for (let at = 0; at < contents.length; at += batch) {
      const records = contents.slice(at, at + batch).map(([key, value]) => {
        const own = ++last;
        const bytes = value instanceof Uint8Array ? value : value.at(own);
        return { type: 'put' as const, key, value: bytes, revision: own, createRevision: own };
      });
      await journal.append({ records, obsolete: [], compactedRevision: last });
    }
    await journal.append({ records: [], obsolete: [], compactedRevision: ++last });
    await journal.close();
    renameSync(fresh, path);
  } finally {
    remove();
  }
  return last;
}

/** Opening it also brings in what a server that was killed had not moved into the file. */
async function revisionOf(path: string, log: Logger): Promise<number> {
  const store = new SqliteStore({ clock: systemClock, log }, { path });
  await store.start(new AbortController().signal);
  const { revision } = store;
  await store.stop();
  return revision;
}
