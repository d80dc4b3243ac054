import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { SqliteStore } from '../src/store/sqlite-store.ts';
import type { Store } from '../src/store/store.ts';
import type { Bench } from './context.ts';
import type { Row } from './report.ts';

const value = Buffer.alloc(1000, 'x');
const prefix = '/registry/configmaps/';
const keyOf = (n: number) => `${prefix}default/object-${n}`;

/** The SQLite store by itself: durable puts, reads, the start with a full file. */
export const store: Bench = {
  name: 'store',
  needsCluster: false,
  async run({ folder }) {
    const path = join(folder, 'store', 'store.db');
    let opened = await open(path);
    await puts(opened, 1, 500, 0);
    const rows = [
      rate('durable puts of 1 kB, 1 writer', await puts(opened, 1, 4_000, 1_000), 2_000),
      rate('durable puts of 1 kB, 32 writers', await puts(opened, 32, 1_000, 10_000), 10_000),
      rate('durable puts of 1 kB, 256 writers', await puts(opened, 256, 250, 50_000)),
    ];
    const entries = opened.count(prefix);
    rows.push(
      duration(
        `list of ${entries}`,
        time(() => opened.list(prefix), 20),
      ),
      duration(
        'list of 500 of them',
        time(() => opened.list(prefix, { limit: 500 }), 500),
      ),
      duration(
        'count of them',
        time(() => opened.count(prefix), 10_000),
      ),
    );
    await opened.stop();
    const began = performance.now();
    opened = await open(path);
    rows.push(duration(`start with ${entries} entries`, performance.now() - began, 1_000));
    await opened.stop();
    return rows;
  },
};

async function open(path: string): Promise<Store> {
  const opened = new SqliteStore({ clock: systemClock, log: silentLogger }, { path });
  await opened.start(new AbortController().signal);
  return opened;
}

/** Puts a second. */
async function puts(opened: Store, writers: number, each: number, offset: number): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; n < each; n++) await opened.put(keyOf(offset + writer * each + n), value, 0);
    }),
  );
  return (writers * each) / ((performance.now() - start) / 1000);
}

function time(run: () => void, times: number): number {
  const start = performance.now();
  for (let n = 0; n < times; n++) run();
  return (performance.now() - start) / times;
}

function rate(what: string, reached: number, asked?: number): Row {
  return { bench: 'store', what, unit: '/s', reached, asked, better: 'higher' };
}

function duration(what: string, reached: number, asked?: number): Row {
  return { bench: 'store', what, unit: 'ms', reached, asked, better: 'lower' };
}
