import { readdirSync, readFileSync } from 'node:fs';
import type { BenchCluster } from './cluster.ts';

/** A pod that sleeps, in whose network namespace the bench runs programs of the machine. */
export interface SleepingPod {
  name: string;
  node: string;
  address: string;
  hostAddress: string;
  /** Of its container. */
  pid: string;
}

interface PodWish {
  name: string;
  /** `key=value,…` */
  label: string;
  node?: string;
  image?: string;
  /** A shell command that is run before it sleeps. */
  first?: string;
}

let started = 0;

/** Starts a pod, on `node` where one is given, and waits until it is Ready. */
export async function startSleepingPod(
  cluster: BenchCluster,
  { name, label, node, image = 'busybox', first }: PodWish,
): Promise<SleepingPod> {
  // An argument by which its process is found among all of the machine.
  const seconds = String(1_000_000 + process.pid * 10 + started++);
  const placed = node ? [`--overrides={"spec":{"nodeName":"${node}"}}`] : [];
  const command = first === undefined ? ['sleep', seconds] : ['sh', '-c', `${first}; sleep ${seconds}`];
  const pod = [
    'run',
    name,
    `--image=${image}`,
    `--labels=${label}`,
    ...placed,
    '--command',
    '--',
    ...command,
  ];
  await cluster.exec('kubectl', pod);
  await cluster.exec('kubectl', ['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s']);
  const template = 'jsonpath={.spec.nodeName} {.status.podIP} {.status.hostIP}';
  const facts = await cluster.exec('kubectl', ['get', 'pod', name, '-o', template]);
  const [on = '', address = '', hostAddress = ''] = facts.trim().split(' ');
  const pid = readdirSync('/proc').find(
    entry => /^\d+$/.test(entry) && commandOf(entry) === `sleep\0${seconds}\0`,
  );
  if (!pid) throw new Error(`the process of pod ${name} is not found`);
  return { name, node: on, address, hostAddress, pid };
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
