import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Bench, type BenchContext, root } from './context.ts';
import { ensurePackages } from './packages.ts';
import { type SleepingPod, startSleepingPod } from './pod-process.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);
const program = join(root, 'bench/load/service-load.ts');
const fillers = 'bench-services';
const many = 10_000;
const label = 'bench=traffic';
const web = { port: 8080, targetPort: 80 };
const bulk = { port: 5201, targetPort: 5201 };
/** Of one run, seconds. Many short ones: what else the machine does falls on both sides. */
const short = 2;
const shortRuns = 7;
const long = 30;

/** Where a Service or its pod answers. */
interface Address {
  address: string;
  web: number;
  bulk: number;
}

interface Target extends Address {
  /** Whose requests they are. */
  pod: SleepingPod;
}

/**
 * Two clients on one node, so that neither meets the other's old connections. A client that closes first keeps each of
 * its ports for a minute, and looks for a free one ever longer: without these settings the 30 s measure that search.
 */
async function startClients({ cluster }: BenchContext, name: string, node: string) {
  const start = async (suffix: string) => {
    const pod = await startSleepingPod(cluster, { name: `traffic-${name}-${suffix}`, label, node });
    const settings = ['net.ipv4.tcp_tw_reuse=1', 'net.ipv4.ip_local_port_range=1024 65535'];
    await run(...inPod(pod, 'sysctl', '-qw', ...settings));
    return pod;
  };
  return { direct: await start('direct'), proxied: await start('proxied') };
}

/**
 * What a Service costs once its packets flow: throughput, requests and new connections through a ClusterIP beside the
 * same directly to its pod, in turns, from the pod's node and from the other one, with ten thousand Services present.
 */
export const traffic: Bench = {
  name: 'traffic',
  needsCluster: true,
  async run(context) {
    const { cluster, say } = context;
    await ensurePackages(['iperf3', 'wrk']);
    const [here = '', there = ''] = (await cluster.status()).nodes.map(({ name }) => name);
    const server = await startSleepingPod(cluster, {
      name: 'traffic-server',
      label: `${label},app=traffic`,
      node: here,
      image: 'nginx',
      first: 'nginx',
    });
    const clients = [
      { place: 'same node', ...(await startClients(context, 'near', here)) },
      { place: 'across', ...(await startClients(context, 'far', there)) },
    ];
    const iperfServer = spawn(...inPod(server, 'iperf3', '-s', '-p', String(bulk.targetPort)), {
      stdio: 'ignore',
    });
    const fill = await fillServices(context, here);
    try {
      const through = await createService(context);
      const rows: Row[] = [];
      for (const { place, direct, proxied } of clients) {
        await warm({ pod: proxied, ...through });
        const measured = await measure(
          context,
          place,
          { pod: direct, address: server.address, web: web.targetPort, bulk: bulk.targetPort },
          { pod: proxied, ...through },
        );
        rows.push(...measured);
        for (const { what, reached, note } of measured) say(`${what}: ${reached.toFixed(3)} (${note})`);
      }
      return rows;
    } finally {
      iperfServer.kill('SIGKILL');
      await fill.drain();
      await cluster.exec('kubectl', [
        'delete',
        'pod,service',
        '-l',
        label,
        '--wait=false',
        '--grace-period=1',
      ]);
    }
  },
};

async function measure(
  { runs }: BenchContext,
  place: string,
  direct: Target,
  through: Target,
): Promise<Row[]> {
  const ratio = async (times: number, take: (target: Target) => Promise<number>) => {
    const taken: { direct: number; through: number }[] = [];
    for (let n = 0; n < times; n++) {
      // Each goes first as often as second: what the machine does beside falls on both.
      if (n % 2 === 0) taken.push({ direct: await take(direct), through: await take(through) });
      else {
        const first = await take(through);
        taken.push({ through: first, direct: await take(direct) });
      }
    }
    return {
      ratio: median(taken.map(each => each.through / each.direct)),
      direct: median(taken.map(each => each.direct)),
    };
  };
  const bytes = await ratio(shortRuns, target => iperf(target));
  const requests = await ratio(shortRuns, target => wrk(target, short, 'keep-alive'));
  const connections = await ratio(Math.min(runs, 2), target => wrk(target, long, 'close'));
  const row = (what: string, found: { ratio: number; direct: number }, asked: number, note: string): Row => {
    return {
      bench: 'traffic',
      what: `${what}, ${place}`,
      unit: '×',
      reached: found.ratio,
      asked,
      better: 'higher',
      note,
    };
  };
  return [
    row(
      'iperf3 throughput, ClusterIP ÷ direct',
      bytes,
      0.97,
      `direct ${(bytes.direct / 1e9).toFixed(1)} Gbit/s`,
    ),
    row(
      'requests/s kept alive, ClusterIP ÷ direct',
      requests,
      0.97,
      `direct ${Math.round(requests.direct)}/s`,
    ),
    row(
      `connections/s for ${long} s, ClusterIP ÷ direct`,
      connections,
      0.85,
      `direct ${Math.round(connections.direct)}/s`,
    ),
  ];
}

function inPod(pod: SleepingPod, ...command: string[]): [string, string[]] {
  return ['nsenter', [`--net=/proc/${pod.pid}/ns/net`, ...command]];
}

/** Bits a second. */
async function iperf({ pod, address, bulk: port }: Target): Promise<number> {
  const words = ['iperf3', '-c', address, '-p', String(port), '-t', String(short), '-J'];
  const { stdout } = await run(...inPod(pod, ...words), { maxBuffer: 16 * 2 ** 20 });
  return (JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } }).end.sum_received
    .bits_per_second;
}

/** Requests a second. */
async function wrk(
  { pod, address, web: port }: Target,
  seconds: number,
  connection: string,
): Promise<number> {
  const words = [
    'wrk',
    '-t1',
    '-c32',
    `-d${seconds}s`,
    '-H',
    `Connection: ${connection}`,
    `http://${address}:${port}/`,
  ];
  const { stdout } = await run(...inPod(pod, ...words));
  const failed = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  if (failed && Number(failed[1]) + Number(failed[4]) > 0) throw new Error(`wrk failed:\n${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** Until the Service's rules are everywhere. */
async function warm(target: Target): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await wrk(target, 1, 'keep-alive').then(
        rate => rate > 0,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error('the Service does not answer');
}

async function createService({ cluster }: BenchContext): Promise<Address> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'traffic', labels: { bench: 'traffic' } },
    spec: {
      selector: { app: 'traffic' },
      ports: [
        { name: 'web', ...web },
        { name: 'bulk', ...bulk },
      ],
    },
  };
  await cluster.exec('sh', ['-c', 'printf %s "$0" | kubectl apply -f -', JSON.stringify(service)]);
  const address = await cluster.exec('kubectl', [
    'get',
    'service',
    'traffic',
    '-o',
    'jsonpath={.spec.clusterIP}',
  ]);
  return { address: address.trim(), web: web.port, bulk: bulk.port };
}

/** Ten thousand Services of two endpoints each. */
async function fillServices({ cluster }: BenchContext, node: string) {
  const inNode = (...args: string[]) =>
    run(join(root, 'causeway'), [
      'exec',
      '--name',
      cluster.name,
      '--node',
      node,
      '--',
      process.execPath,
      program,
      ...args,
    ]);
  await cluster.exec('kubectl', ['create', 'namespace', fillers]);
  await inNode('fill', '0', String(many));
  return {
    async drain() {
      await inNode('drain');
      await cluster.exec('kubectl', ['delete', 'namespace', fillers, '--wait=false']);
    },
  };
}
