import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import { type Bench, root } from './context.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const watches = 10_000;
/** A session takes 1000 streams. */
const sessions = 12;
/** Watches with a connection, and so a file, of their own. */
const http1 = 500;
const events = 20;
/** Writes of half a mebibyte after which a watcher that reads nothing has to be gone: 64 MiB. */
const maxWrites = 128;

interface Heard {
  half: number[];
  last: number[];
}

/** Many watches on one API server process by itself: what they take, and how soon the last of them has heard. */
export const watchers: Bench = {
  name: 'watchers',
  needsCluster: false,
  async run({ folder, say }) {
    const script = join(root, 'bench/api-server.ts');
    const server = spawn(process.execPath, [script, join(folder, 'watchers')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(server, 'exit');
    try {
      const [kubeconfig] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      const run = (file: string, ...args: string[]) =>
        promisify(execFile)(process.execPath, [join(root, 'bench/load', file), ...args], { env });
      await run('api-load.ts', 'prepare');
      await run('api-load.ts', 'create', '1', '1');
      const before = memoryOf(server.pid!);
      const load = spawn(
        process.execPath,
        [join(root, 'bench/load/watch-load.ts'), `${watches}`, `${sessions}`, `${http1}`, `${events}`],
        { env, stdio: ['pipe', 'pipe', 'inherit'] },
      );
      const lines = createInterface({ input: load.stdout });
      await lineOf(lines);
      const holding = memoryOf(server.pid!) - before;
      say(`${watches} watches held: ${(holding / 1024 / 1024).toFixed(0)} MiB more`);
      const heard = (await lineOf(lines)) as Heard;
      const after = memoryOf(server.pid!) - before;
      load.stdin.end();
      await once(load, 'exit');
      const { stdout } = await run('slow-watcher.ts', `${maxWrites}`);
      const slow = JSON.parse(stdout) as { cut: boolean; mebibytes: number };
      return rowsOf(holding, after, heard, slow.cut ? slow.mebibytes : Number.POSITIVE_INFINITY);
    } finally {
      server.kill('SIGTERM');
      await exited;
    }
  },
};

function rowsOf(holding: number, after: number, { half, last }: Heard, cutAt: number): Row[] {
  const row = (what: string, unit: string, reached: number, asked: number | undefined, note = ''): Row => ({
    ...{ bench: 'watchers', what, unit, reached, asked, note },
    better: 'lower',
  });
  const held = `${watches - http1} over ${sessions} HTTP/2 sessions, ${http1} over HTTP/1.1`;
  return [
    row(`memory of each of ${watches} watches`, 'kB', holding / watches / 1000, 25, held),
    row(`the same after ${events} events`, 'kB', after / watches / 1000, 40),
    row('one event: half of them, median', 'ms', median(half), undefined),
    row('one event: the last of them, median', 'ms', median(last), undefined, spread(last)),
    row('a watcher that reads nothing is cut off after', 'MiB', cutAt, 32),
  ];
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
}

/** Resident bytes of a process. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

async function lineOf(lines: Interface): Promise<unknown> {
  const [line] = await once(lines, 'line');
  return JSON.parse(line);
}
