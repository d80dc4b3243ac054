import type { Decoded } from '../../cri/schema.ts';
import type { PodContext } from '../node-facts.ts';
import { runtimeLabels } from '../pod/pod-identity.ts';

interface Sample {
  at: number;
  usage: number;
}

interface UsageStats {
  time: string;
  [field: string]: string | number;
}

interface NodeStats {
  nodeName: string;
  startTime: string;
  cpu: UsageStats;
  memory: UsageStats;
}

interface PodStats {
  podRef: { name: string; namespace: string; uid: string };
  startTime: string;
  containers: { name: string; startTime: string; cpu: UsageStats; memory: UsageStats }[];
  cpu: UsageStats;
  memory: UsageStats;
}

/** `/stats/summary`: CPU and memory of the node, its pods and their containers. Keeps the last samples. */
export class StatsSummary {
  readonly #context: PodContext;
  #samples = new Map<string, Sample>();

  constructor(context: PodContext) {
    this.#context = context;
  }

  async summary(): Promise<{ node: NodeStats; pods: PodStats[] }> {
    const { cri, cache, facts, clock, cgroups } = this.#context;
    const stats = await cri.listContainerStats();
    const samples = new Map<string, Sample>();
    const pods = new Map<string, PodStats>();
    for (const entry of stats) this.#add(entry, pods, samples);
    const time = new Date(clock.now()).toISOString();
    const usage = await cgroups.usage(facts.cgroupRoot.replace(/^\//, ''));
    const cpu = this.#cpu('node', (usage?.cpu ?? 0) * 1e6, time, samples);
    this.#samples = samples;
    for (const uid of pods.keys()) if (cache.get(uid).sandboxes.length === 0) pods.delete(uid);
    const memory = { time, workingSetBytes: usage?.memory ?? 0, usageBytes: usage?.memory ?? 0 };
    return { node: { nodeName: facts.nodeName, startTime: time, cpu, memory }, pods: [...pods.values()] };
  }

  #add(entry: Decoded<'ContainerStats'>, pods: Map<string, PodStats>, samples: Map<string, Sample>): void {
    const { cache, clock } = this.#context;
    const labels = entry.attributes?.labels ?? {};
    const uid = labels[runtimeLabels.podUid];
    const name = labels[runtimeLabels.containerName];
    if (!uid || !name) return;
    const time = new Date(clock.now()).toISOString();
    const record = cache.get(uid).containers.find(({ status }) => status.id === entry.attributes?.id);
    const startTime = new Date((record?.status.startedAt ?? 0) / 1e6).toISOString();
    const cpu = this.#cpu(entry.attributes!.id, entry.cpu?.usageCoreNanoSeconds?.value ?? 0, time, samples);
    const workingSetBytes = entry.memory?.workingSetBytes?.value ?? 0;
    const memory = { time, workingSetBytes, usageBytes: entry.memory?.usageBytes?.value ?? workingSetBytes };
    const pod = pods.get(uid) ?? emptyPod(labels, uid, startTime, time);
    pod.containers.push({ name, startTime, cpu, memory });
    for (const field of ['usageNanoCores', 'usageCoreNanoSeconds']) add(pod.cpu, field, cpu[field]);
    for (const field of ['workingSetBytes', 'usageBytes'] as const) add(pod.memory, field, memory[field]);
    pods.set(uid, pod);
  }

  /** @param usage nanoseconds of CPU since the beginning */
  #cpu(id: string, usage: number, time: string, samples: Map<string, Sample>): UsageStats {
    const at = this.#context.clock.monotonic();
    const before = this.#samples.get(id);
    const elapsed = before ? at - before.at : 0;
    const rate = before && elapsed > 0 ? ((usage - before.usage) / elapsed) * 1000 : 0;
    samples.set(id, { at, usage });
    return { time, usageNanoCores: Math.max(Math.round(rate), 0), usageCoreNanoSeconds: usage };
  }
}

function emptyPod(labels: Record<string, string>, uid: string, startTime: string, time: string): PodStats {
  const name = labels[runtimeLabels.podName] ?? '';
  const namespace = labels[runtimeLabels.podNamespace] ?? '';
  return { podRef: { name, namespace, uid }, startTime, containers: [], cpu: { time }, memory: { time } };
}

function add(into: UsageStats, field: string, value: string | number | undefined): void {
  into[field] = Number(into[field] ?? 0) + Number(value ?? 0);
}
