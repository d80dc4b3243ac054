import type { Container } from '../../api/generated/types.ts';
import { unitsOf } from '../../api/quantity.ts';
import { formatTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { type Cgroups, noUsage } from '../../kernel/cgroup/cgroups.ts';
import type { NodeFacts } from '../node-facts.ts';
import { podCgroup } from '../pod/pod-cgroup.ts';
import { containersOf, type NodePod } from '../pod/pod-identity.ts';
import { containerName, isRunning, type PodRuntime } from '../pod/pod-runtime.ts';
import { CpuRates, type CpuStats, type MemoryStats, memoryStats } from './usage.ts';

interface Stats {
  /** RFC 3339. */
  startTime: string;
  cpu: CpuStats;
  memory: MemoryStats;
}

export interface Summary {
  node: Stats & { nodeName: string };
  pods: PodStats[];
}

interface PodStats extends Stats {
  podRef: { name: string; namespace: string; uid: string };
  containers: (Stats & { name: string })[];
}

export interface StatsSummaryDeps {
  clock: Clock;
  cgroups: Cgroups;
  facts: Pick<NodeFacts, 'nodeName' | 'nodeCgroup' | 'cgroupRoot' | 'memoryBytes'>;
  /** The pods on this node. */
  pods: () => readonly NodePod[];
  runtime: (uid: string) => PodRuntime;
}

/**
 * What the node, its pods and their containers use of CPU and memory, read from the control groups when asked.
 * Between questions nothing is read; the readings before are kept, for rates.
 */
export class StatsSummary {
  readonly #deps: StatsSummaryDeps;
  readonly #rates = new CpuRates();
  readonly #started: string;
  #running: Promise<Summary> | undefined;

  constructor(deps: StatsSummaryDeps) {
    this.#deps = deps;
    this.#started = formatTime(deps.clock.now());
  }

  /** Those who ask at the same time get the same answer. */
  summary(): Promise<Summary> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #read(): Promise<Summary> {
    const { facts, pods } = this.#deps;
    const [node, ...found] = await Promise.all([
      this.#stats(facts.nodeCgroup, this.#started, facts.memoryBytes),
      ...pods().map(pod => this.#pod(pod)),
    ]);
    this.#rates.next();
    return {
      node: { nodeName: facts.nodeName, ...(node ?? this.#unused()) },
      pods: found.filter(each => each !== undefined),
    };
  }

  /** Undefined where nothing of the pod runs. */
  async #pod(pod: NodePod): Promise<PodStats | undefined> {
    const { facts, runtime } = this.#deps;
    const { name, uid, namespace = '' } = pod.metadata;
    const group = podCgroup(pod, facts.cgroupRoot);
    const startTime = pod.status?.startTime ?? this.#started;
    const specs = new Map(containersOf(pod).map(({ spec }) => [spec.name, spec]));
    const limits = [...specs.values()].map(memoryLimit);
    const running = runtime(uid).containers.filter(isRunning);
    const [stats, ...containers] = await Promise.all([
      this.#stats(group, startTime, limits.includes(0) ? 0 : limits.reduce((a, b) => a + b, 0)),
      ...running.map(async container => {
        const name = containerName(container);
        const { id, startedAt = 0 } = container.status;
        const began = new Date(startedAt / 1e6).toISOString();
        const found = await this.#stats(`${group}/${id}`, began, memoryLimit(specs.get(name)));
        return found && { name, ...found };
      }),
    ]);
    if (!stats || running.length === 0) return undefined;
    return {
      podRef: { name, namespace, uid },
      ...stats,
      containers: containers.filter(each => each !== undefined),
    };
  }

  /** @param limit of memory in bytes; 0: none. */
  async #stats(group: string, startTime: string, limit: number): Promise<Stats | undefined> {
    const { cgroups, clock } = this.#deps;
    const usage = await cgroups.usage(group.replace(/^\//, ''));
    if (!usage) return undefined;
    const time = new Date(clock.now()).toISOString();
    const cpu = this.#rates.stats(group, usage.cpu, clock.monotonic(), time);
    return { startTime, cpu, memory: memoryStats(usage, time, limit) };
  }

  /** A group that is made with its first pod. */
  #unused(): Stats {
    const { clock, facts } = this.#deps;
    const time = new Date(clock.now()).toISOString();
    const cpu = { time, usageNanoCores: 0, usageCoreNanoSeconds: 0 };
    return { startTime: this.#started, cpu, memory: memoryStats(noUsage, time, facts.memoryBytes) };
  }
}

function memoryLimit(container: Container | undefined): number {
  return unitsOf(container?.resources?.limits?.memory);
}
