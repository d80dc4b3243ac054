import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Bench, type BenchContext, root } from './context.ts';
import type { Row } from './report.ts';
import { median, percentile } from './statistics.ts';

const run = promisify(execFile);
const program = join(root, 'bench/load/service-load.ts');
const namespace = 'bench-services';
const many = 10_000;
const samples = 30;
const connects = 2000;

interface Latency {
  created: number[];
  ready: number[];
}

/**
 * Services from creation to the first connection, with few and with ten thousand others present, each of those with
 * a slice of two endpoints; what an agent takes for them, and how long a table that was flushed is being rebuilt.
 */
export const services: Bench = {
  name: 'services',
  needsCluster: true,
  async run(context) {
    const { cluster, say } = context;
    const node = (await cluster.status()).nodes[0]!.name;
    await startPods(context);
    const inNode = (...args: string[]) =>
      execIn(context, node, process.execPath, [program, ...args]).then(text => text.trim());
    const latency = async () => JSON.parse(await inNode('latency', String(samples))) as Latency;
    const address = await serviceAddress(context);
    const connect = async () =>
      median(JSON.parse(await inNode('connect', address, '80', String(connects))) as number[]);
    // The first ones find nothing compiled.
    await inNode('latency', '3');
    const few = await latency();
    const connectFew = await connect();
    say('services: measured with few');
    const { perSecond } = JSON.parse(await inNode('fill', '0', String(many))) as { perSecond: number };
    await sleep(3000);
    const memory = await agentMemory(context, node);
    const full = await latency();
    const connectFull = await connect();
    const rebuilt = await flushed(context, node, address);
    const linked = await linkedPod(context);
    say('services: measured with ten thousand');
    await inNode('drain');
    await cluster.exec('kubectl', ['delete', 'namespace', namespace, '--wait=false']);
    return [
      ...latencyRows('10 Services', few, 50, 100),
      ...latencyRows('10,000 Services', full, 100, 200),
      row('Services with slices created, 16 connections', '/s', perSecond, 500, 'higher'),
      row("agent's memory with 10,000 Services (PSS)", 'MB', memory / 1e6, 150),
      row('a pod with links to 10,000 Services is Ready after', 's', linked, 5),
      row('flushed rules of 10,000 Services are back after', 's', rebuilt / 1000, 2),
      row('connect through a Service, 10,000 ÷ 10 present', '×', connectFull / connectFew, 1.1),
    ];
  },
};

function row(
  what: string,
  unit: string,
  reached: number,
  asked: number,
  better: Row['better'] = 'lower',
): Row {
  return { bench: 'services', what, unit, reached, asked, better };
}

function latencyRows(present: string, { created, ready }: Latency, middle: number, late: number): Row[] {
  const figures = (what: string, values: readonly number[]) => [
    row(`${what}, ${present}: median`, 'ms', median(values), middle),
    row(`${what}, ${present}: 95th percentile`, 'ms', percentile(values, 0.95), late),
  ];
  return [
    ...figures('Service created → reachable', created),
    ...figures('endpoint Ready → reachable', ready),
  ];
}

async function execIn(
  { cluster }: BenchContext,
  node: string,
  command: string,
  args: readonly string[],
): Promise<string> {
  const words = ['exec', '--name', cluster.name, '--node', node, '--', command, ...args];
  const { stdout } = await run(join(root, 'causeway'), words, { maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

async function startPods({ cluster }: BenchContext): Promise<void> {
  const kubectl = (...args: string[]) => cluster.exec('kubectl', ['-n', namespace, ...args]);
  await cluster.exec('kubectl', ['create', 'namespace', namespace]);
  const image = '--image=k8s.gcr.io/echoserver:1.10';
  await kubectl('create', 'deployment', 'bench-web', image, '--replicas=2');
  await kubectl('rollout', 'status', 'deployment/bench-web', '--timeout=120s');
}

async function serviceAddress({ cluster }: BenchContext): Promise<string> {
  const kubectl = (...args: string[]) => cluster.exec('kubectl', ['-n', namespace, ...args]);
  await kubectl('expose', 'deployment', 'bench-web', '--port=80', '--target-port=8080');
  return (await kubectl('get', 'service', 'bench-web', '-o', 'jsonpath={.spec.clusterIP}')).trim();
}

async function agentMemory({ cluster }: BenchContext, node: string): Promise<number> {
  const { components } = (await cluster.status()) as {
    components: { component: string; on?: string; pids: number[] }[];
  };
  const pids = components.find(({ component, on }) => component === 'agent' && on === node)?.pids ?? [];
  return pids.reduce((sum, pid) => sum + pss(pid), 0);
}

function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Seconds until a pod is Ready whose environment tells of all Services of its namespace, as far as that goes. */
async function linkedPod({ cluster }: BenchContext): Promise<number> {
  const kubectl = (...args: string[]) => cluster.exec('kubectl', ['-n', namespace, ...args]);
  const began = performance.now();
  const image = '--image=k8s.gcr.io/echoserver:1.10';
  await kubectl('run', 'linked', image, '--overrides={"spec":{"enableServiceLinks":true}}');
  await kubectl('wait', '--for=condition=Ready', 'pod/linked', '--timeout=120s');
  return (performance.now() - began) / 1000;
}

/** Milliseconds from `nft flush ruleset` in the node until its table holds the Service again. */
async function flushed(context: BenchContext, node: string, address: string): Promise<number> {
  const element = `{ ${address} . tcp . 80 }`;
  const script = `
    nft flush ruleset; began=$(date +%s%N)
    until nft get element ip causeway-services services '${element}' >/dev/null 2>&1; do sleep 0.02; done
    echo $((($(date +%s%N) - began) / 1000))`;
  return Number(await execIn(context, node, 'bash', ['-c', script])) / 1000;
}
