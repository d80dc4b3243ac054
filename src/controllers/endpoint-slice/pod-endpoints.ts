import type { DiscoveryEndpointPort, Endpoint, Node, Pod, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import { isFinished, isReady } from '../pods/pod-state.ts';
import { hasHostname, isHeadless, targetPortOf } from '../services/service-ports.ts';
import { type PortGroup, portsKey } from '../slices/slice-plan.ts';
import { followsZones } from './zone-hints.ts';
import { zoneLabel } from './zone-shares.ts';

/** The endpoints of a Service in one family, grouped by their ports. */
export interface PodEndpoints {
  groups: PortGroup[];
  /** Pods on nodes that are not known (yet): left out, unless the Service publishes whatever there is. */
  missingNodes: string[];
}

export function podEndpoints(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  nodeOf: (name: string) => Stored<Node> | undefined,
  family: IpFamily,
): PodEndpoints {
  const groups = new Map<string, PortGroup>();
  const missingNodes = new Set<string>();
  for (const pod of pods) {
    const address = addressOf(pod, family);
    if (isFinished(pod) || !address) continue;
    const { nodeName = '' } = pod.spec ?? {};
    const node = nodeOf(nodeName);
    if (!node && nodeName) missingNodes.add(nodeName);
    if (!node && !service.spec?.publishNotReadyAddresses) continue;
    const ports = endpointPorts(service, pod);
    if (ports.length === 0 && !isHeadless(service)) continue;
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, node, address));
    groups.set(key, group);
  }
  return { groups: [...groups.values()], missingNodes: [...missingNodes] };
}

function addressOf({ status }: Pod, family: IpFamily): string | undefined {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : []);
  return all.find(ip => familyOf(ip) === family);
}

function endpointPorts(service: Service, pod: Pod): DiscoveryEndpointPort[] {
  const ports: DiscoveryEndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetPortOf(pod, servicePort);
    if (port === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    ports.push({ name, port, protocol, ...(appProtocol && { appProtocol }) });
  }
  return ports;
}

function endpointOf(
  service: Stored<Service>,
  pod: Stored<Pod>,
  node: Stored<Node> | undefined,
  address: string,
): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = Boolean(service.spec?.publishNotReadyAddresses) || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const zone = node?.metadata.labels?.[zoneLabel];
  const hints = ready ? hintsOf(service, pod.spec?.nodeName, zone) : undefined;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hasHostname(pod, service) && { hostname: pod.spec?.hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
    ...(hints && { hints }),
  };
}

/** Who should prefer this endpoint, by the Service's traffic distribution. The annotation goes before it. */
function hintsOf(
  service: Service,
  nodeName: string | undefined,
  zone: string | undefined,
): Endpoint['hints'] {
  if (followsZones(service)) return undefined;
  const forZones = zone ? { forZones: [{ name: zone }] } : undefined;
  switch (service.spec?.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return forZones;
    case 'PreferSameNode':
      return nodeName ? { forNodes: [{ name: nodeName }], ...forZones } : forZones;
    default:
      return undefined;
  }
}
