/**
 * The store by itself: durable puts per second, reads, start of a full file.
 * Usage: node bench/store.ts [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { SqliteStore } from '../src/store/sqlite-store.ts';
import type { Store } from '../src/store/store.ts';

const value = Buffer.alloc(1000, 'x');
const keyOf = (n: number) => `/registry/configmaps/default/object-${n}`;
const log = (title: string, result: string) => console.log(`${title.padEnd(60)} ${result}`);

async function open(path: string): Promise<Store> {
  const store = new SqliteStore({ clock: systemClock, log: silentLogger }, { path });
  await store.start(new AbortController().signal);
  return store;
}

async function puts(store: Store, writers: number, each: number, offset: number): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; n < each; n++) await store.put(keyOf(offset + writer * each + n), value, 0);
    }),
  );
  return (writers * each) / ((performance.now() - start) / 1000);
}

function time(run: () => void, times: number): number {
  const start = performance.now();
  for (let n = 0; n < times; n++) run();
  return (performance.now() - start) / times;
}

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'causeway-bench-'));
const path = join(folder, 'store.db');
try {
  let store = await open(path);
  await puts(store, 1, 500, 0);
  log('puts of 1 kB, 1 writer', `${Math.round(await puts(store, 1, 4_000, 1_000))}/s (asked: 2,000)`);
  log('puts of 1 kB, 32 writers', `${Math.round(await puts(store, 32, 1_000, 10_000))}/s (asked: 10,000)`);
  log('puts of 1 kB, 256 writers', `${Math.round(await puts(store, 256, 250, 50_000))}/s`);
  const entries = store.count('/registry/');
  log(`list of ${entries}`, `${time(() => store.list('/registry/configmaps/'), 20).toFixed(2)} ms`);
  log(
    'list of 500 of them',
    `${(time(() => store.list('/registry/configmaps/', { limit: 500 }), 500) * 1000).toFixed(0)} µs`,
  );
  log('count', `${(time(() => store.count('/registry/configmaps/'), 10_000) * 1000).toFixed(1)} µs`);
  log('get', `${(time(() => store.get(keyOf(12_345)), 100_000) * 1000).toFixed(2)} µs`);
  await store.stop();
  const start = performance.now();
  store = await open(path);
  log(
    `start with ${entries} entries`,
    `${Math.round(performance.now() - start)} ms (asked: 1,000 for 100,000)`,
  );
  log('resident memory', `${Math.round(process.memoryUsage.rss() / 1e6)} MB`);
  await store.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
