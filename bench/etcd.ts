import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { EtcdClient } from '../src/store/etcd-client.ts';
import { TestEtcd } from '../src/store/testing/etcd-process.ts';
import { client, load } from './api.ts';
import { type Bench, root } from './context.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const value = Buffer.alloc(1000, 'x');
const counts: readonly [connections: number, count: number][] = [
  [1, 1000],
  [32, 3300],
];

/** An API server on etcd, beside bare puts of the same size on the same etcd, in turns. */
export const etcd: Bench = {
  name: 'etcd',
  needsCluster: false,
  async run({ folder, runs, say }) {
    const members = await new TestEtcd().start();
    const [endpoint = ''] = members.endpoints;
    const args = [join(root, 'bench/api-server.ts'), join(folder, 'etcd'), endpoint];
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(server, 'exit');
    const bare = new EtcdClient({ clock: systemClock, log: silentLogger }, { endpoints: [endpoint] });
    try {
      const [kubeconfig] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      const run = async (scenario: string, connections: number, count: number) => {
        const words = [client, scenario, `${connections}`, `${count}`];
        const { rate = Number.NaN } = await load(promisify(execFile)(process.execPath, words, { env }));
        return rate;
      };
      await run('prepare', 1, 1);
      const rows = new Map<string, number[]>();
      const note = (what: string, rate: number) => rows.set(what, [...(rows.get(what) ?? []), rate]);
      for (let n = 0; n < runs; n++) {
        for (const [connections, count] of counts) {
          note(`bare etcd puts of 1 kB, ${connections} at a time`, await puts(bare, connections, count));
          note(
            `create ConfigMaps of 1 kB, ${connections} connections`,
            await run('create', connections, count),
          );
          if (connections > 1) note(`get, ${connections} connections`, await run('get', connections, 5000));
          note(`delete, ${connections} connections`, await run('delete', connections, count));
        }
        say(`etcd: run ${n + 1} of ${runs} done`);
      }
      return [...rows].map(([what, rates]) => rowOf(what, rates));
    } finally {
      bare.close();
      server.kill('SIGTERM');
      await exited;
      await members.stop();
    }
  },
};

/** Puts a second. */
async function puts(bare: EtcdClient, writers: number, count: number): Promise<number> {
  const began = performance.now();
  let next = 0;
  const write = async () => {
    for (let n = next++; n < count; n = next++) await bare.put({ key: `/bare/${n}`, value });
  };
  await Promise.all(Array.from({ length: writers }, write));
  return count / ((performance.now() - began) / 1000);
}

function rowOf(what: string, rates: readonly number[]): Row {
  const note = rates.map(rate => rate.toFixed(0)).join(' ');
  return { bench: 'etcd', what, unit: '/s', reached: median(rates), better: 'higher', note };
}
