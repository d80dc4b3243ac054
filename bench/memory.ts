import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../src/main/process-memory.ts';
import { type Bench, root } from './context.ts';

const pods = 10_000;
const configMaps = 10_000;
/** Milliseconds without a new low after which memory is at rest, and those to wait for that at most. */
const calm = 20_000;
const patience = 180_000;

/** Memory of a cluster's server process with many objects in it, whose nodes report. */
export const memory: Bench = {
  name: 'memory',
  needsCluster: true,
  async run({ cluster, say }) {
    const { components } = await cluster.status();
    const pids = components.find(({ component }) => component === 'server')?.pids ?? [];
    if (pids.length === 0) throw new Error('the status names no server process');
    const measure = () => memoryOf(pids) / 1e6;
    const empty = measure();
    const script = join(root, 'bench/load/fill-load.ts');
    const load = cluster.start(process.execPath, [script, `${pods}`, `${configMaps}`, 'stay']);
    const ended = once(load, 'exit') as Promise<[number | null]>;
    const lines = createInterface({ input: load.stdout! });
    await Promise.race([once(lines, 'line'), ended]);
    const filled = measure();
    const rested = await atRest(measure);
    load.stdin!.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`${script} ended with ${code}`);
    say(`server: empty ${empty.toFixed(0)} MB, just filled ${filled.toFixed(0)} MB, ${rested.toFixed(0)} MB`);
    const row = { bench: 'memory', unit: 'MB', better: 'lower' } as const;
    return [
      {
        ...row,
        what: 'server with 10,000 pods and 10,000 ConfigMaps of 1 kB (PSS)',
        reached: rested,
        asked: 150,
      },
      {
        ...row,
        what: 'the same right after they were written',
        reached: filled,
        note: `empty ${empty.toFixed(0)}`,
      },
    ];
  },
};

/** What `measure` shows when it has not sunk for a while. */
async function atRest(measure: () => number): Promise<number> {
  const began = performance.now();
  let least = { value: measure(), since: began };
  for (;;) {
    await sleep(1000);
    const [value, now] = [measure(), performance.now()];
    if (value < least.value) least = { value, since: now };
    if (now - least.since > calm || now - began > patience) return value;
  }
}
