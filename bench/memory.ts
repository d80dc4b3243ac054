import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../src/main/process-memory.ts';
import { type Bench, root } from './context.ts';

const pods = 10_000;
const configMaps = 10_000;
/** Milliseconds the server has after the last write to lay values to rest. */
const settle = 40_000;

/** Memory of a cluster's server process with many objects in it. */
export const memory: Bench = {
  name: 'memory',
  needsCluster: true,
  async run({ cluster, say }) {
    const { components } = await cluster.status();
    const pids = components.find(({ component }) => component === 'server')?.pids ?? [];
    if (pids.length === 0) throw new Error('the status names no server process');
    const empty = memoryOf(pids) / 1e6;
    const script = join(root, 'bench/load/fill-load.ts');
    await cluster.exec(process.execPath, [script, `${pods}`, `${configMaps}`]);
    const filled = memoryOf(pids) / 1e6;
    await sleep(settle);
    const rested = memoryOf(pids) / 1e6;
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
