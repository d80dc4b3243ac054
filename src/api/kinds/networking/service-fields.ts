import type { Service, ServiceSpec } from '../../generated/types.ts';
import { semanticEqual } from '../equality.ts';

/** Which fields of a Service depend on which, after upstream's pkg/registry/core/service/strategy.go. */

export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

export function needsClusterIp(spec: ServiceSpec): boolean {
  return spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

export function needsNodePort(spec: ServiceSpec): boolean {
  return (
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
  );
}

export function needsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** Reachable from outside by itself: through a node port, a load balancer, an external address. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return (
    spec.type === 'LoadBalancer' ||
    spec.type === 'NodePort' ||
    (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
  );
}

/**
 * `clusterIP` is the first of `clusterIPs`. A client that knows only the one gets the other; one that changes or
 * clears the one means the other. To be called first, before addresses are allocated. In place.
 */
export function normalizeClusterIps(fresh: ServiceSpec, old?: ServiceSpec): void {
  if (!old) {
    if (fresh.clusterIP && !fresh.clusterIPs?.length) fresh.clusterIPs = [fresh.clusterIP];
    return;
  }
  const before = old.clusterIP ?? '';
  const now = fresh.clusterIP ?? '';
  const same = semanticEqual(fresh.clusterIPs, old.clusterIPs);
  if (before === '' && now !== '' && !fresh.clusterIPs?.length) fresh.clusterIPs = [now];
  if (before !== '' && now === '' && same) delete fresh.clusterIPs;
  if (before !== '' && now !== '' && before !== now && same) fresh.clusterIPs = [now];
}

/** An update that leaves out what was allocated keeps it. In place. */
export function keepAllocated(fresh: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && needsClusterIp(fresh)) {
    if (!fresh.clusterIP) fresh.clusterIP = old.clusterIP;
    if (old.clusterIPs && !fresh.clusterIPs?.length && fresh.clusterIP === old.clusterIP) {
      fresh.clusterIPs = [...old.clusterIPs];
    }
    if (semanticEqual(fresh.clusterIPs, old.clusterIPs)) {
      if (old.ipFamilyPolicy) fresh.ipFamilyPolicy ??= old.ipFamilyPolicy;
      if (!fresh.ipFamilies?.length && old.ipFamilies) fresh.ipFamilies = [...old.ipFamilies];
    }
  }
  if (needsNodePort(old) && needsNodePort(fresh)) keepNodePorts(fresh, old);
  if (needsHealthCheck(old) && needsHealthCheck(fresh)) fresh.healthCheckNodePort ||= old.healthCheckNodePort;
}

function keepNodePorts(fresh: ServiceSpec, old: ServiceSpec): void {
  const key = (port: { protocol?: string; port: number }) => `${port.protocol}/${port.port}`;
  const before = new Map((old.ports ?? []).map(port => [key(port), port.nodePort]));
  const used = new Set((fresh.ports ?? []).map(port => port.nodePort).filter(Boolean));
  for (const port of fresh.ports ?? []) {
    if (port.nodePort) continue;
    const was = before.get(key(port));
    if (!was || used.has(was)) continue;
    port.nodePort = was;
    used.add(was);
  }
}

/** A change of type drops what the old type had allocated, unless the client changed that too. In place. */
export function dropTypeDependentFields(fresh: Service, old: Service): void {
  const [now, was] = [fresh.spec!, old.spec!];
  if (needsClusterIp(was) && !needsClusterIp(now) && semanticEqual(now.clusterIPs, was.clusterIPs)) {
    delete now.clusterIP;
    delete now.clusterIPs;
  }
  if (needsClusterIp(was) && !needsClusterIp(now)) {
    if (semanticEqual(now.ipFamilies, was.ipFamilies)) delete now.ipFamilies;
    if (now.ipFamilyPolicy === was.ipFamilyPolicy) delete now.ipFamilyPolicy;
  }
  if (needsNodePort(was) && !needsNodePort(now)) dropNodePorts(now, was);
  if (
    needsHealthCheck(was) &&
    !needsHealthCheck(now) &&
    now.healthCheckNodePort === was.healthCheckNodePort
  ) {
    delete now.healthCheckNodePort;
  }
  if (was.type === 'LoadBalancer' && now.type !== 'LoadBalancer') {
    if (now.allocateLoadBalancerNodePorts === was.allocateLoadBalancerNodePorts) {
      delete now.allocateLoadBalancerNodePorts;
    }
    if (now.loadBalancerClass === was.loadBalancerClass) delete now.loadBalancerClass;
  }
  if (isExternallyAccessible(was) && !isExternallyAccessible(now)) {
    if (now.externalTrafficPolicy === was.externalTrafficPolicy) delete now.externalTrafficPolicy;
  }
  if (was.type === 'ExternalName' && now.type !== 'ExternalName' && now.externalName === was.externalName) {
    delete now.externalName;
  }
}

function dropNodePorts(fresh: ServiceSpec, old: ServiceSpec): void {
  const before = (old.ports ?? []).map(port => port.nodePort ?? 0);
  const unchanged = (fresh.ports ?? []).every((port, i) => !port.nodePort || port.nodePort === before[i]);
  if (!unchanged) return;
  for (const port of fresh.ports ?? []) delete port.nodePort;
}
