import type { CgroupUsage } from '../../kernel/cgroup/cgroups.ts';

/** CPU as the summary API tells it (kubelet: k8s.io/kubelet/pkg/apis/stats/v1alpha1). */
export interface CpuStats {
  /** RFC 3339. */
  time: string;
  /** Billionths of a core, over the time since the reading before; not there without one. */
  usageNanoCores?: number;
  usageCoreNanoSeconds: number;
}

export interface MemoryStats {
  time: string;
  /** Up to the limit, where there is one. */
  availableBytes?: number;
  usageBytes: number;
  workingSetBytes: number;
  rssBytes: number;
  pageFaults: number;
  majorPageFaults: number;
}

/** @param limit bytes; 0: there is none */
export function memoryStats(usage: CgroupUsage, time: string, limit: number): MemoryStats {
  const { charged, workingSet, anonymous, pageFaults, majorPageFaults } = usage;
  return {
    time,
    ...(limit > 0 && { availableBytes: Math.max(limit - workingSet, 0) }),
    usageBytes: charged,
    workingSetBytes: workingSet,
    rssBytes: anonymous,
    pageFaults,
    majorPageFaults,
  };
}

/** Milliseconds after which a reading says nothing about what is used now. */
const longestWindow = 60_000;

/** The readings of CPU time before, which make rates of the next ones. */
export class CpuRates {
  #before = new Map<string, { at: number; cpu: number }>();
  #now = new Map<string, { at: number; cpu: number }>();

  /**
   * @param id of the control group
   * @param cpu milliseconds
   * @param at by the monotonic clock, milliseconds
   */
  stats(id: string, cpu: number, at: number, time: string): CpuStats {
    this.#now.set(id, { at, cpu });
    const before = this.#before.get(id);
    const usageCoreNanoSeconds = Math.round(cpu * 1e6);
    const elapsed = before ? at - before.at : 0;
    if (!before || elapsed <= 0 || elapsed > longestWindow) return { time, usageCoreNanoSeconds };
    const usageNanoCores = Math.max(Math.round(((cpu - before.cpu) / elapsed) * 1e9), 0);
    return { time, usageNanoCores, usageCoreNanoSeconds };
  }

  /** What was read since the last call is what comes before from now on. */
  next(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
