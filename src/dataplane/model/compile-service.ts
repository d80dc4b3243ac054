import type { EndpointSlice, Service, ServicePort } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import { type ChoosingNode, candidates, clusterEndpoints, localEndpoints } from './endpoint-choice.ts';
import type {
  Endpoint,
  Frontend,
  ServiceModel,
  ServicePortModel,
  TransportProtocol,
} from './service-model.ts';

const defaultAffinitySeconds = 10_800;

/** Another implementation serves a Service with the first label; one with the second is to be left alone. */
const ignoredLabels = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

/**
 * Compiles one Service and its EndpointSlices into what they mean for `node`. Pure: the same objects give
 * the same model. Undefined for Services that no proxy serves (headless, ExternalName, another's).
 */
export function compileService(
  service: Stored<Service>,
  slices: readonly EndpointSlice[],
  node: ChoosingNode,
): ServiceModel | undefined {
  const { spec, metadata } = service;
  if (!spec || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return undefined;
  if (isIgnored(service)) return undefined;
  const own = slices.filter(slice => !isIgnored(slice));
  const ports = (spec.ports ?? []).map(port => compilePort(service, port, own, node));
  const local = new Set<string>();
  for (const slice of own) {
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.nodeName === node.name && (endpoint.conditions?.ready ?? true)) {
        local.add(endpoint.addresses[0]!);
      }
    }
  }
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    ports,
    ...(spec.healthCheckNodePort && { healthCheckNodePort: spec.healthCheckNodePort }),
    localEndpoints: local.size,
  };
}

function isIgnored({ metadata }: Pick<Service, 'metadata'>): boolean {
  return ignoredLabels.some(label => metadata?.labels?.[label] !== undefined);
}

/** The endpoints of one port and family under both policies. */
interface Choice {
  cluster: Endpoint[];
  local: Endpoint[];
}

function compilePort(
  service: Stored<Service>,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  node: ChoosingNode,
): ServicePortModel {
  const spec = service.spec!;
  const protocol = port.protocol ?? 'TCP';
  const choices = new Map<IpFamily, Choice>();
  const choose = (family: IpFamily): Choice => {
    let choice = choices.get(family);
    if (!choice) {
      const all = candidates(slices, family, port.name ?? '', protocol, node);
      choice = { cluster: clusterEndpoints(all, node), local: localEndpoints(all) };
      choices.set(family, choice);
    }
    return choice;
  };
  const affinity =
    spec.sessionAffinity === 'ClientIP'
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
      : undefined;
  return {
    name: port.name ?? '',
    protocol: protocol.toLowerCase() as TransportProtocol,
    ...(affinity !== undefined && { affinitySeconds: affinity }),
    frontends: [...clusterFrontends(service, port, choose), ...externalFrontends(service, port, choose)],
  };
}

function clusterFrontends(
  { spec }: Stored<Service>,
  port: ServicePort,
  choose: (family: IpFamily) => Choice,
): Frontend[] {
  const onlyLocal = spec!.internalTrafficPolicy === 'Local';
  return (spec!.clusterIPs ?? [spec!.clusterIP!]).map(address => {
    const family = familyOf(address)!;
    const { cluster, local } = choose(family);
    return {
      kind: 'ClusterIP',
      family,
      address,
      port: port.port,
      endpoints: onlyLocal ? local : cluster,
      withoutEndpoints: onlyLocal && cluster.length > 0 ? 'drop' : 'reject',
      masquerade: false,
    };
  });
}

function externalFrontends(
  service: Stored<Service>,
  port: ServicePort,
  choose: (family: IpFamily) => Choice,
): Frontend[] {
  const spec = service.spec!;
  const onlyLocal = spec.externalTrafficPolicy === 'Local';
  const external = (
    kind: Frontend['kind'],
    family: IpFamily,
    address: string | undefined,
    number: number,
  ) => {
    const { cluster, local } = choose(family);
    const frontend: Frontend = {
      kind,
      family,
      ...(address !== undefined && { address }),
      port: number,
      endpoints: onlyLocal ? local : cluster,
      withoutEndpoints: onlyLocal && cluster.length > 0 ? 'drop' : 'reject',
      masquerade: !onlyLocal,
    };
    if (onlyLocal) frontend.internalEndpoints = cluster;
    return frontend;
  };
  const found: Frontend[] = [];
  for (const address of spec.externalIPs ?? []) {
    const family = familyOf(address);
    if (family) found.push(external('ExternalIP', family, address, port.port));
  }
  for (const { ip, ipMode = 'VIP' } of service.status?.loadBalancer?.ingress ?? []) {
    const family = ip === undefined || ipMode !== 'VIP' ? undefined : familyOf(ip);
    if (!family) continue;
    const ranges = (spec.loadBalancerSourceRanges ?? []).filter(range => familyOf(range.trim()) === family);
    const frontend = external('LoadBalancer', family, ip!, port.port);
    found.push(
      ranges.length > 0 ? { ...frontend, sourceRanges: ranges.map(range => range.trim()) } : frontend,
    );
  }
  if (port.nodePort) {
    for (const address of spec.clusterIPs ?? [spec.clusterIP!]) {
      found.push(external('NodePort', familyOf(address)!, undefined, port.nodePort));
    }
  }
  return found;
}
