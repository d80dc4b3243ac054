import type { Container, Node, Pod } from '../../api/generated/types.ts';
import { matchesRequiredNodeAffinity } from '../../api/node-selector.ts';
import { milliOf, unitsOf } from '../../api/quantity.ts';
import { isSidecar } from './pod-identity.ts';

/** Why a node refuses a pod: goes into the pod's status. */
export interface Rejection {
  reason: string;
  message: string;
}

/**
 * What a node checks again before it takes a pod: a scheduler may have decided on old knowledge, and
 * `nodeName` can be set by hand. `others` are the pods it has taken and that have not ended.
 * Source: kubelet's `canAdmitPod`, scheduler's `AdmissionCheck`.
 */
export function admitPod(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<Node, 'metadata' | 'status'>,
): Rejection | undefined {
  return (
    sysctlRejection(pod) ??
    affinityRejection(pod, node) ??
    portRejection(pod, others) ??
    resourceRejection(pod, others, node)
  );
}

const prefix = 'Pod was rejected: ';

/** Those that touch nothing outside the pod. Source: kubelet `sysctl/safe_sysctls.go`. */
const safeSysctls: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

function sysctlRejection({ spec }: Pod): Rejection | undefined {
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const dotted = name.replaceAll('/', '.');
    const foreign =
      (spec?.hostNetwork && dotted.startsWith('net.') && 'host net') ||
      (spec?.hostIPC && dotted.startsWith('kernel.shm') && 'host ipc');
    const why = foreign
      ? `sysctl "${name}" not allowed with ${foreign} enabled`
      : safeSysctls.has(dotted)
        ? undefined
        : `"${name}" not allowlisted`;
    if (why) return { reason: 'SysctlForbidden', message: `${prefix}forbidden sysctl: ${why}` };
  }
  return undefined;
}

/** Why a pod that runs cannot have the resources it asks for by now: never here, or not now. */
export function resizeRejection(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<Node, 'status'>,
): Rejection | undefined {
  const never = resourceRejection(pod, [], node);
  if (never)
    return {
      reason: 'Infeasible',
      message: never.message.replace('resource:', 'capacity:').replace(/ used: 0,/, ''),
    };
  const now = resourceRejection(pod, others, node);
  return now && { reason: 'Deferred', message: now.message };
}

function resourceRejection(
  pod: Pod,
  others: readonly Pod[],
  node: Pick<Node, 'status'>,
): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const slots = unitsOf(allocatable.pods ?? '110');
  if (others.length + 1 > slots) return outOf('pods', 1, others.length, slots);
  for (const [name, size] of [
    ['cpu', milliOf],
    ['memory', unitsOf],
    ['ephemeral-storage', unitsOf],
  ] as const) {
    const wanted = podRequest(pod, name, size);
    const capacity = size(allocatable[name]);
    if (wanted === 0 || allocatable[name] === undefined) continue;
    const used = others.reduce((sum, other) => sum + podRequest(other, name, size), 0);
    if (used + wanted > capacity) return outOf(name, wanted, used, capacity);
  }
  return undefined;
}

function outOf(name: string, requested: number, used: number, capacity: number): Rejection {
  const message = `${prefix}Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message };
}

/**
 * What a pod needs of a resource at most at one time: what it asks for as a whole, or its containers with its
 * sidecars, or an init container.
 */
function podRequest(pod: Pod, name: string, size: (quantity: string | undefined) => number): number {
  const overhead = size(pod.spec?.overhead?.[name]);
  const whole = pod.spec?.resources?.requests?.[name];
  if (whole !== undefined) return size(whole) + overhead;
  const request = (container: Container) => size(container.resources?.requests?.[name]);
  let sidecars = 0;
  let peak = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) sidecars += request(container);
    else peak = Math.max(peak, sidecars + request(container));
  }
  const running = (pod.spec?.containers ?? []).reduce((sum, container) => sum + request(container), sidecars);
  return Math.max(running, peak) + overhead;
}

function portRejection(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const taken = new Set(others.flatMap(hostPorts));
  if (!hostPorts(pod).some(port => taken.has(port))) return undefined;
  const message = `${prefix}Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports`;
  return { reason: 'NodePorts', message };
}

/** What the pod takes of the node's ports, as `protocol/address/port`. */
export function hostPorts(pod: Pod): string[] {
  const ports = (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports);
  return ports
    .filter(({ hostPort }) => hostPort)
    .map(({ hostPort, protocol = 'TCP', hostIP = '' }) => `${protocol}/${hostIP}/${hostPort}`);
}

function affinityRejection(pod: Pod, node: Pick<Node, 'metadata'>): Rejection | undefined {
  const { name = '', labels = {} } = node.metadata ?? {};
  if (matchesRequiredNodeAffinity(pod.spec, { name, labels })) return undefined;
  const message = `${prefix}Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector`;
  return { reason: 'NodeAffinity', message };
}
