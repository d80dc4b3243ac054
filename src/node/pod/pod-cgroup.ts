import type { Container, Pod } from '../../api/generated/types.ts';
import { podLimits, podRequests } from '../../api/kinds/pod-resources.ts';
import { podQosClass } from '../../api/kinds/qos.ts';
import { milliOf, type Quantity, quantityMilliValue, quantityValue } from '../../api/quantity.ts';
import type { CgroupLimits } from '../../kernel/cgroup/cgroups.ts';
import { cpuQuota, cpuShares } from '../container/container-resources.ts';

/** The cgroup of a pod, by quality of service as kubelet lays them out. */
export function podCgroup(pod: Pod, cgroupRoot: string): string {
  const qos = podQosClass(pod);
  const level = qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`;
  return `${cgroupRoot}/kubepods${level}/pod${pod.metadata?.uid}`;
}

/** The same as `Cgroups` takes it. */
export function podCgroupPath(pod: Pod, cgroupRoot: string): string {
  return podCgroup(pod, cgroupRoot).replace(/^\//, '');
}

/**
 * What all containers of a pod together may use; undefined where it says nothing of itself as a whole: then its
 * containers' own limits are enough. Source: kubelet `ResourceConfigForPod`.
 */
export function podCgroupLimits({ spec }: Pod): CgroupLimits | undefined {
  const { requests = {}, limits = {} } = spec?.resources ?? {};
  if (!spec || Object.keys({ ...requests, ...limits }).length === 0) return undefined;
  const asked = podRequests(spec);
  const allowed = podLimits(spec);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const limited = (name: 'cpu' | 'memory', of: (quantity: Quantity) => number) => {
    const set = ({ resources }: Pick<Container, 'resources'>) => milliOf(resources?.limits?.[name]) > 0;
    return allowed[name] && (set(spec) || containers.every(set)) ? of(allowed[name]) : 0;
  };
  return {
    cpuShares: cpuShares(asked.cpu ? quantityMilliValue(asked.cpu) : 0),
    cpuQuota: cpuQuota(limited('cpu', quantityMilliValue)),
    memory: limited('memory', quantityValue),
  };
}
