/**
 * A process for tests to kill: writes to the store at argv[2] from eight writers, some keys again and again,
 * and prints each acknowledged write as a line of JSON. With `until-failure` it ends at the first rejection
 * and prints that.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { SqliteStore } from '../sqlite-store.ts';
import type { ValueAt } from '../store.ts';

const [, , path = '', mode = ''] = process.argv;
const store = new SqliteStore({ clock: systemClock, log: silentLogger }, { path });
await store.start(new AbortController().signal);
let failed = false;

const print = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

async function write(writer: number): Promise<void> {
  for (let n = 0; !failed; n++) {
    const key = `/w${writer}/${n % 50}`;
    const tail = `,"padding":"${'x'.repeat(300)}"}`;
    const value: ValueAt = {
      at: revision => Buffer.from(`{"revision":${revision}${tail}`),
      parts: () => [Buffer.from('{"revision":'), Buffer.from(tail)],
    };
    const entry = await store.put(key, value, store.get(key)?.revision ?? 0);
    print({ key, revision: entry.revision });
  }
}

try {
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
} catch (error) {
  failed = true;
  if (mode !== 'until-failure') throw error;
  print({ rejected: String(error), failure: store.failure?.message, revision: store.revision });
  process.exit(0);
}
