import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterProcess } from './cluster.ts';
import type { Bench } from './context.ts';

const settle = 20_000;
const span = 60_000;
/** Clock ticks a second in /proc/PID/stat: USER_HZ, 100 on every Linux. */
const ticks = 100;

/** Memory and CPU of a cluster that has nothing to do. */
export const idle: Bench = {
  name: 'idle',
  needsCluster: true,
  async run({ cluster, say }) {
    await sleep(settle);
    const before = await cluster.processes();
    const used = new Map(before.map(({ pid }) => [pid, cpuSeconds(pid)]));
    await sleep(span);
    const processes = await cluster.processes();
    const seconds = processes.reduce((sum, { pid }) => sum + cpuSeconds(pid) - (used.get(pid) ?? 0), 0);
    const sizes = processes.map(({ pid, command }) => ({ command, megabytes: pss(pid) / 1e6 }));
    sizes.sort((a, b) => b.megabytes - a.megabytes);
    for (const { command, megabytes } of sizes)
      say(`${megabytes.toFixed(1).padStart(6)} MB  ${command.slice(0, 90)}`);
    const total = sizes.reduce((sum, { megabytes }) => sum + megabytes, 0);
    const parts = summary(processes, sizes);
    return [
      {
        bench: 'idle',
        what: 'memory of the two-node cluster (PSS)',
        unit: 'MB',
        reached: total,
        asked: 300,
        better: 'lower',
        note: parts,
      },
      {
        bench: 'idle',
        what: 'CPU of a core',
        unit: '%',
        reached: (seconds / (span / 1000)) * 100,
        asked: 2,
        better: 'lower',
        note: `over ${span / 1000} s`,
      },
    ];
  },
};

function summary(
  processes: readonly ClusterProcess[],
  sizes: readonly { command: string; megabytes: number }[],
): string {
  const of = (part: RegExp) =>
    Math.round(
      sizes.filter(({ command }) => part.test(command)).reduce((sum, { megabytes }) => sum + megabytes, 0),
    );
  const [server, agents, containerd] = [
    of(/server\.(ts|mjs)/),
    of(/agent\.(ts|mjs)/),
    of(/(^|\/)containerd /),
  ];
  return `${processes.length} processes: server ${server}, agents ${agents}, containerd ${containerd}`;
}

/** Bytes; 0 where the process is gone. */
function pss(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

function cpuSeconds(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  // utime and stime, the 14th and 15th field; the first two stand before the bracket.
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticks;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
