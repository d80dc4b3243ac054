import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench, BenchContext } from './context.ts';
import { ensurePackages } from './packages.ts';
import { startSleepingPod } from './pod-process.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);
const names = 200;
const seconds = 5;
const unboundPort = 5301;
interface Measured {
  perSecond: number;
  lost: number;
}

/**
 * dnsperf from a pod against the node's DNS, and in turns against an unbound on the same node that has the same
 * names as local data.
 */
export const dns: Bench = {
  name: 'dns',
  needsCluster: true,
  async run(context) {
    const { cluster, runs, folder, say } = context;
    await ensurePackages(['dnsperf', 'unbound']);
    const services = await createServices(context);
    const queries = join(folder, 'queries');
    writeFileSync(queries, services.map(({ name }) => `${name} A\n`).join(''));
    const pod = await startSleepingPod(cluster, { name: 'dns-bench', label: 'bench=dns' });
    const agent = await agentOf(context, pod.node);
    const unbound = startUnbound(folder, services, pod.hostAddress, agent);
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    const before = memoryOf(agent);
    try {
      for (let n = 0; n < runs; n++) {
        ours.push(await dnsperf(pod.pid, ['-s', '10.96.0.10', '-d', queries]));
        theirs.push(
          await dnsperf(pod.pid, ['-s', pod.hostAddress, '-p', String(unboundPort), '-d', queries]),
        );
        say(`dns: run ${n + 1} of ${runs} done`);
      }
    } finally {
      unbound.kill();
      await cluster.exec('kubectl', ['delete', 'pod,service', '-l', 'bench=dns', '--wait=false']);
    }
    return rowsOf(ours, theirs, (memoryOf(agent) - before) / 2 ** 20);
  },
};

function rowsOf(ours: readonly Measured[], theirs: readonly Measured[], grown: number): Row[] {
  const rate = (measured: readonly Measured[]) => median(measured.map(({ perSecond }) => perSecond));
  const ratio = median(ours.map(({ perSecond }, n) => perSecond / theirs[n]!.perSecond));
  const lost = ours.reduce((sum, measured) => sum + measured.lost, 0);
  const note = `unbound on the node: ${Math.round(rate(theirs))}/s`;
  const bench = 'dns';
  return [
    { bench, what: 'queries/s from a pod', unit: '/s', reached: rate(ours), better: 'higher', note },
    { bench, what: 'queries/s ÷ unbound', unit: '×', reached: ratio, asked: 0.4, better: 'higher', note },
    { bench, what: 'queries lost', unit: '', reached: lost, asked: 0, better: 'lower' },
    { bench, what: 'memory of the agent grown by', unit: 'MB', reached: grown, asked: 30, better: 'lower' },
  ];
}

async function createServices({
  cluster,
  folder,
}: BenchContext): Promise<{ name: string; address: string }[]> {
  const path = join(folder, 'services.json');
  const items = Array.from({ length: names }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `dns-bench-${n}`, labels: { bench: 'dns' } },
    spec: { ports: [{ port: 80 }] },
  }));
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await cluster.exec('kubectl', ['apply', '-f', path]);
  const template = '{range .items[*]}{.metadata.name} {.spec.clusterIP}{"\\n"}{end}';
  const listed = await cluster.exec('kubectl', [
    'get',
    'service',
    '-l',
    'bench=dns',
    '-o',
    `jsonpath=${template}`,
  ]);
  return listed
    .trim()
    .split('\n')
    .map(line => line.split(' '))
    .map(([name = '', address = '']) => ({ name: `${name}.default.svc.cluster.local`, address }));
}

/** The node's agent itself, not its supervisor. */
async function agentOf({ cluster }: BenchContext, node: string): Promise<number> {
  const status = (await cluster.status()) as {
    components: { component: string; on?: string; pids: number[] }[];
  };
  const agent = status.components.find(({ component, on }) => component === 'agent' && on === node);
  const largest = agent?.pids.toSorted((a, b) => memoryOf(b) - memoryOf(a))[0];
  if (largest === undefined) throw new Error(`no agent runs on ${node}`);
  return largest;
}

/** On the node, in its network namespace, reached from the pod through the same link as our server. */
function startUnbound(
  folder: string,
  services: readonly { name: string; address: string }[],
  nodeAddress: string,
  agent: number,
) {
  const path = join(folder, 'unbound.conf');
  const data = services.map(({ name, address }) => `  local-data: "${name}. 30 IN A ${address}"\n`).join('');
  writeFileSync(
    path,
    `server:
  interface: ${nodeAddress}@${unboundPort}
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  use-syslog: no
  num-threads: 1
  local-zone: "cluster.local." static
${data}remote-control:
  control-enable: no
`,
  );
  return spawn('nsenter', [`--net=/proc/${agent}/ns/net`, 'unbound', '-d', '-p', '-c', path], {
    stdio: 'ignore',
  });
}

async function dnsperf(process: string, args: readonly string[]): Promise<Measured> {
  const { stdout } = await run('nsenter', [
    `--net=/proc/${process}/ns/net`,
    'dnsperf',
    ...['-c', '8', '-q', '100', '-l', String(seconds)],
    ...args,
  ]);
  const figure = (name: string) => Number(new RegExp(`${name}:\\s+([\\d.]+)`).exec(stdout)?.[1]);
  return { perSecond: figure('Queries per second'), lost: figure('Queries lost') };
}

function memoryOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1]) * 1024;
}
