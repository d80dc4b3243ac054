import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Bench, root } from './context.ts';

const objects = 10_000;
/** Milliseconds of processor time that one request may hold the event loop. */
const asked = 50;

/** The heaviest requests there are, each by itself: [what, scenario of big-requests.ts]. */
const requests = [
  ['list 10,000 ConfigMaps', 'list'],
  ['list 10,000 pods as a table', 'table'],
  ['list 10,000 pods in protobuf', 'protobuf'],
  ['list 10,000 pods by label', 'label'],
  ['watch that begins with 10,000 pods', 'watch'],
  ['delete a collection of 10,000 ConfigMaps', 'deletecollection'],
] as const;

/** How long single requests hold the event loop of an API server by itself. */
export const turns: Bench = {
  name: 'turns',
  needsCluster: false,
  async run({ folder, say }) {
    const script = join(root, 'bench/api-server.ts');
    const server = spawn(process.execPath, [script, join(folder, 'turns')], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const exited = once(server, 'exit');
    try {
      const [kubeconfig] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
      const run = (file: string, ...args: string[]) => {
        const env = { ...process.env, KUBECONFIG: kubeconfig };
        return promisify(execFile)(process.execPath, [join(root, 'bench/load', file), ...args], { env });
      };
      await run('fill-load.ts', `${objects}`, `${objects}`);
      const rows = [];
      for (const [what, scenario] of requests) {
        await longestTurn(server);
        await run('big-requests.ts', scenario);
        const reached = await longestTurn(server);
        say(`${what}: ${reached.toFixed(1)} ms`);
        const row = {
          bench: 'turns',
          what,
          unit: 'ms',
          better: 'lower',
          note: 'longest turn, processor time',
        };
        rows.push({ ...row, reached, asked, better: 'lower' as const });
      }
      return rows;
    } finally {
      server.kill('SIGTERM');
      await exited;
    }
  },
};

async function longestTurn(server: ChildProcess): Promise<number> {
  const answer = once(server, 'message');
  server.send('turns');
  const [longest] = (await answer) as [number];
  return longest;
}
