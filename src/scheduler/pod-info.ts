import type { Pod, PodAffinityTerm, Toleration, WeightedPodAffinityTerm } from '../api/generated/types.ts';
import { objectKey, type Stored } from '../api/objects.ts';
import { RecentValues } from '../base/recent-values.ts';
import { nonZeroRequests, podRequests, type ResourceAmounts } from './resource-amounts.ts';

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** What a pod asks of its node and of its neighbours, which its owner's other pods ask as well. */
interface PodNeeds {
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

/** A pod with what the scheduler asks of it again and again, computed once. */
export interface PodInfo extends PodNeeds {
  readonly pod: Stored<Pod>;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Kinds of needs kept in mind. */
const recentNeeds = new RecentValues<PodNeeds>(512);
const noLabels = Object.freeze({});

export function podInfo(pod: Stored<Pod>): PodInfo {
  const needs = needsOf(pod);
  return new SharingPodInfo(pod, recentNeeds.first(JSON.stringify(needs), needs));
}

function needsOf(pod: Pod): PodNeeds {
  const { affinity, tolerations = [], priority = 0 } = pod.spec ?? { containers: [] };
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  return {
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

/** There is one for every pod of the cluster: it takes three words, and shares the rest. */
class SharingPodInfo implements PodInfo {
  readonly pod: Stored<Pod>;
  readonly #needs: PodNeeds;

  constructor(pod: Stored<Pod>, needs: PodNeeds) {
    this.pod = pod;
    this.#needs = needs;
  }

  get key(): string {
    return objectKey(this.pod);
  }

  get uid(): string {
    return this.pod.metadata.uid;
  }

  get namespace(): string {
    return this.pod.metadata.namespace ?? '';
  }

  get labels(): Readonly<Record<string, string>> {
    return this.pod.metadata.labels ?? noLabels;
  }

  get priority(): number {
    return this.#needs.priority;
  }

  get requests(): ResourceAmounts {
    return this.#needs.requests;
  }

  get nonZero(): { readonly cpu: number; readonly memory: number } {
    return this.#needs.nonZero;
  }

  get hostPorts(): readonly HostPort[] {
    return this.#needs.hostPorts;
  }

  get tolerations(): readonly Toleration[] {
    return this.#needs.tolerations;
  }

  get affinity(): readonly PodAffinityTerm[] {
    return this.#needs.affinity;
  }

  get antiAffinity(): readonly PodAffinityTerm[] {
    return this.#needs.antiAffinity;
  }

  get preferredAffinity(): readonly WeightedPodAffinityTerm[] {
    return this.#needs.preferredAffinity;
  }

  get preferredAntiAffinity(): readonly WeightedPodAffinityTerm[] {
    return this.#needs.preferredAntiAffinity;
  }
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
