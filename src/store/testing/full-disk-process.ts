/**
 * A process for a test to run on a small file system of its own: fills the disk that the store at argv[2] is
 * on, makes room again, and prints what it saw as one line of JSON.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { SqliteStore } from '../sqlite-store.ts';

const [, , path = ''] = process.argv;
const ballast = join(dirname(path), 'ballast');

async function open(): Promise<SqliteStore> {
  const store = new SqliteStore({ clock: systemClock, log: silentLogger }, { path });
  await store.start(new AbortController().signal);
  return store;
}

const acknowledged = new Map<string, number>();
let written = 0;

/** Writes new keys, four at a time, until `limit` of them or the first rejection. */
async function write(store: SqliteStore, limit: number): Promise<string | undefined> {
  for (let n = 0; n < limit; n += 4) {
    const keys = Array.from({ length: 4 }, () => `/k/${written++}`);
    const outcomes = await Promise.allSettled(keys.map(key => store.put(key, Buffer.alloc(2_000), 0)));
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') return String(outcome.reason);
      acknowledged.set(keys[at]!, outcome.value.revision);
    }
  }
  return undefined;
}

let store = await open();
writeFileSync(ballast, Buffer.alloc(1_000_000));
const rejected = await write(store, 100_000);
const failure = store.failure?.message;
const again = await write(store, 4);
rmSync(ballast);
const afterwards = await write(store, 40);
const recovered = store.failure === undefined;
await store.stop();
store = await open();
const kept = store.list('').entries.map(({ key, revision }) => [key, revision]);
const same = JSON.stringify(kept.sort()) === JSON.stringify([...acknowledged].sort());
await store.stop();
console.log(JSON.stringify({ rejected, failure, again, afterwards, recovered, same, kept: kept.length }));
