import type { Container, Pod } from '../../api/generated/types.ts';
import { milliOf, unitsOf } from '../../api/quantity.ts';
import type { LinuxContainerResources } from '../../cri/cri.ts';
import { oomScoreAdjust } from '../pod/quality-of-service.ts';

const sharesPerCpu = 1024;
const minShares = 2;
const maxShares = 262_144;
const quotaPeriod = 100_000;
const minQuota = 1_000;

/** CPU weight of a request in cgroup v1's unit; runc converts it where cgroups are v2. */
export function cpuShares(milliCpu: number): number {
  if (milliCpu <= 0) return minShares;
  return Math.min(Math.max(Math.floor((milliCpu * sharesPerCpu) / 1000), minShares), maxShares);
}

/** Microseconds of CPU in a period of 100 ms; 0: no limit. */
export function cpuQuota(milliCpu: number): number {
  if (milliCpu <= 0) return 0;
  return Math.max(Math.floor((milliCpu * quotaPeriod) / 1000), minQuota);
}

/**
 * What a container may use of a resource: its own limit, or what its pod as a whole may. Undefined: no limit.
 * Source: kubelet `getCPULimit`, `getMemoryLimit`.
 */
export function containerLimit(
  pod: Pod,
  { resources }: Container,
  name: 'cpu' | 'memory',
): string | undefined {
  const own = resources?.limits?.[name];
  return own !== undefined && milliOf(own) > 0 ? own : pod.spec?.resources?.limits?.[name];
}

/** Source: kubelet `generateLinuxContainerResources`. A limit without a request is the request as well. */
export function containerResources(
  pod: Pod,
  container: Container,
  machine: { memoryBytes: number; cgroupVersion: 1 | 2 },
): LinuxContainerResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const memory = unitsOf(containerLimit(pod, container, 'memory'));
  return {
    cpuShares: cpuShares(milliOf(requests.cpu ?? limits.cpu)),
    cpuPeriod: quotaPeriod,
    cpuQuota: cpuQuota(milliOf(containerLimit(pod, container, 'cpu'))),
    memoryLimitInBytes: memory,
    // No swap beside the limit, as with kubelet's default of NoSwap.
    ...(memory > 0 && machine.cgroupVersion === 1 && { memorySwapLimitInBytes: memory }),
    oomScoreAdj: oomScoreAdjust(pod, container, machine.memoryBytes),
    ...(machine.cgroupVersion === 2 &&
      memory > 0 && { unified: { 'memory.oom.group': '1', 'memory.swap.max': '0' } }),
  };
}
