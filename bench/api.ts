import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Bench, type BenchContext, root } from './context.ts';
import { type Machine, measureMachine } from './machine.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';
import { getsWithToken } from './wrk.ts';

export const client = join(root, 'bench/load/api-load.ts');

interface Outcome {
  rate?: number;
  median: number;
  p99: number;
}

type Figure = keyof Outcome;

interface Measure {
  what: string;
  scenario: string;
  connections: number;
  count: number;
  /** `asked` undefined: told for comparison only. */
  figures: { figure: Figure; asked: number | undefined }[];
}

/**
 * In this order: each works on what the ones before left. Asked is what real Kubernetes reaches, with 32 connections
 * 2.5 times that, of lists a fifth of its time and of events half of it.
 */
const measures: readonly Measure[] = [
  measure('create ConfigMaps of 1 kB', 'create', 1, 1000, [['rate', 368]]),
  measure('', 'delete', 32, 1000, []),
  measure('create ConfigMaps of 1 kB', 'create', 32, 3300, [['rate', 2960]]),
  measure('get', 'get', 1, 3000, [['rate', undefined]]),
  measure('get', 'get', 32, 20_000, [['rate', 7925]]),
  measure('strategic-merge patch', 'patch', 1, 1000, [['rate', undefined]]),
  measure('strategic-merge patch', 'patch', 32, 5000, [['rate', 2820]]),
  measure('list 3,300', 'list', 1, 30, [['median', 11]]),
  measure('list 300 of 3,300 by label', 'list-label', 1, 60, [['median', 1.6]]),
  measure('one event to 200 watchers', 'watch', 200, 110, [
    ['median', 4.5],
    ['p99', 7.5],
  ]),
  measure('delete', 'delete', 32, 3300, [['rate', 3962]]),
];

function measure(
  what: string,
  scenario: string,
  connections: number,
  count: number,
  figures: [Figure, number | undefined][],
): Measure {
  return {
    what,
    scenario,
    connections,
    count,
    figures: figures.map(([figure, asked]) => ({ figure, asked })),
  };
}

/** Runs one load scenario where the API is reachable. */
type Load = (scenario: string, connections: number, count: number) => Promise<Outcome>;

/** An API server process by itself on loopback. */
export const api: Bench = {
  name: 'api',
  needsCluster: false,
  async run(context) {
    const server = spawn(process.execPath, [join(root, 'bench/api-server.ts'), join(context.folder, 'api')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(server, 'exit');
    try {
      const [kubeconfig] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      return await runAll('api', context, await measureMachine(context), (scenario, connections, count) =>
        load(
          promisify(execFile)(process.execPath, [client, scenario, `${connections}`, `${count}`], { env }),
        ),
      );
    } finally {
      server.kill('SIGTERM');
      await exited;
    }
  },
};

/** The server of the two-node cluster, controllers and scheduler in it. */
export const apiCluster: Bench = {
  name: 'api-cluster',
  needsCluster: true,
  async run(context) {
    const { cluster } = context;
    const run: Load = (scenario, connections, count) => {
      const running = cluster.exec(process.execPath, [client, scenario, `${connections}`, `${count}`]);
      return load(running.then(stdout => ({ stdout })));
    };
    const machine = await measureMachine(context);
    const rows = await runAll('api-cluster', context, machine, run);
    await run('create', 32, 1000);
    const reached = await getsWithToken(cluster);
    await run('delete', 32, 1000);
    const what = 'get with a bearer token, 32 connections';
    return [
      ...rows,
      {
        bench: 'api-cluster',
        what,
        unit: '/s',
        reached,
        asked: 7925 * machine.speed,
        better: 'higher',
        note: 'wrk',
      },
    ];
  },
};

export async function load(running: Promise<{ stdout: string }>): Promise<Outcome> {
  const { stdout } = await running;
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome;
}

async function runAll(
  bench: string,
  { runs, say }: BenchContext,
  machine: Machine,
  run: Load,
): Promise<Row[]> {
  await run('prepare', 1, 1);
  const outcomes = new Map<Measure, Outcome[]>();
  for (let n = 0; n < runs; n++) {
    for (const each of measures) {
      const outcome = await run(each.scenario, each.connections, each.count);
      outcomes.set(each, [...(outcomes.get(each) ?? []), outcome]);
    }
    say(`${bench}: run ${n + 1} of ${runs} done`);
  }
  return [machine.row, ...measures.flatMap(each => rowsOf(bench, each, outcomes.get(each) ?? [], machine))];
}

function rowsOf(
  bench: string,
  { what, connections, figures }: Measure,
  outcomes: readonly Outcome[],
  { speed }: Machine,
): Row[] {
  return figures.map(({ figure, asked }) => {
    const values = outcomes.map(outcome => outcome[figure] ?? Number.NaN);
    const rate = figure === 'rate';
    const over = what.includes('watchers')
      ? ''
      : `, ${connections} connection${connections === 1 ? '' : 's'}`;
    return {
      bench,
      what: `${what}${over}${rate ? '' : `, ${figure}`}`,
      unit: rate ? '/s' : 'ms',
      reached: median(values),
      asked: asked && (rate ? asked * speed : asked / speed),
      better: rate ? 'higher' : 'lower',
      note: `${values.map(value => (rate ? value.toFixed(0) : value.toFixed(1))).join(' ')}${asked ? `; there ${asked}` : ''}`,
    };
  });
}
