import type { Pod, PodAffinityTerm, Toleration, WeightedPodAffinityTerm } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { nonZeroRequests, podRequests, type ResourceAmounts } from './resource-amounts.ts';

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** A pod with what the scheduler asks of it again and again, computed once. */
export interface PodInfo {
  readonly pod: Stored<Pod>;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly requests: ResourceAmounts;
  /** The requests with at least 100m CPU and 200 MB for each container; what spreading scores count. */
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly affinity: readonly PodAffinityTerm[];
  readonly antiAffinity: readonly PodAffinityTerm[];
  readonly preferredAffinity: readonly WeightedPodAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedPodAffinityTerm[];
}

export function podInfo(pod: Stored<Pod>): PodInfo {
  const { namespace = '', name, uid, labels = {} } = pod.metadata;
  const { affinity, tolerations = [], priority = 0 } = pod.spec ?? { containers: [] };
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  return {
    pod,
    key: `${namespace}/${name}`,
    uid,
    namespace,
    labels,
    priority,
    requests: podRequests(pod),
    nonZero: nonZeroRequests(pod),
    hostPorts: hostPorts(pod),
    tolerations,
    affinity: podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    antiAffinity: podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAffinity: podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAntiAffinity: podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
  };
}

function hostPorts(pod: Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(container => container.restartPolicy === 'Always');
  const found: HostPort[] = [];
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const { hostPort, hostIP, protocol = 'TCP' } of container.ports ?? []) {
      if (hostPort) found.push({ ip: hostIP || '0.0.0.0', protocol, port: hostPort });
    }
  }
  return found;
}

/** True where two host ports can't be had on one node: same port and protocol, and addresses that overlap. */
export function portsClash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || isWildcard(a.ip) || isWildcard(b.ip);
}

function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}
