import type {
  CoreEndpointPort,
  EndpointAddress,
  EndpointSubset,
  Pod,
  Service,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { familyOf } from '../../base/ip-address.ts';
import { isFinished, isReady } from '../pods/pod-state.ts';
import { hasHostname, isHeadless, targetPortOf } from '../services/service-ports.ts';

/** More addresses an Endpoints object does not hold. */
export const maxAddresses = 1000;

/**
 * The subsets of a Service's Endpoints in its first family: addresses with the same ports together, those not
 * ready apart, in a fixed order. Pods being deleted are left out.
 */
export function subsetsOf(service: Stored<Service>, pods: readonly Stored<Pod>[]): EndpointSubset[] {
  const family = service.spec?.ipFamilies?.[0] ?? 'IPv4';
  const { publishNotReadyAddresses = false } = service.spec ?? {};
  const subsets = new Map<string, Required<EndpointSubset>>();
  for (const pod of pods) {
    const ip = (pod.status?.podIPs?.map(one => one.ip) ?? [pod.status?.podIP ?? '']).find(
      one => familyOf(one) === family,
    );
    if (!ip || isFinished(pod) || (pod.metadata.deletionTimestamp && !publishNotReadyAddresses)) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && !isHeadless(service)) continue;
    const key = JSON.stringify(ports);
    const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    subsets.set(key, subset);
    const ready = publishNotReadyAddresses || isReady(pod);
    (ready ? subset.addresses : subset.notReadyAddresses).push(addressOf(service, pod, ip));
  }
  return [...subsets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subset]) => tidy(subset));
}

function portsOf(service: Service, pod: Pod): CoreEndpointPort[] {
  const ports: CoreEndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetPortOf(pod, servicePort);
    if (port === undefined) continue;
    const { name, protocol = 'TCP', appProtocol } = servicePort;
    ports.push({ ...(name && { name }), port, protocol, ...(appProtocol && { appProtocol }) });
  }
  return ports.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function addressOf(service: Service, pod: Stored<Pod>, ip: string): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  return {
    ip,
    ...(hasHostname(pod, service) && { hostname: pod.spec?.hostname }),
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function tidy({ addresses, notReadyAddresses, ports }: Required<EndpointSubset>): EndpointSubset {
  const order = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
  return {
    ...(addresses.length > 0 && { addresses: addresses.sort(order) }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses: notReadyAddresses.sort(order) }),
    ...(ports.length > 0 && { ports }),
  };
}

/** At most `maxAddresses` addresses over all subsets, ready ones first. `truncated` where some were left out. */
export function truncateSubsets(subsets: readonly EndpointSubset[]): {
  subsets: EndpointSubset[];
  truncated: boolean;
} {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const all = ready + subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0);
  if (all <= maxAddresses) return { subsets: [...subsets], truncated: false };
  let readyLeft = maxAddresses;
  let otherLeft = Math.max(0, maxAddresses - ready);
  const cut = subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const kept = {
      addresses: addresses.slice(0, readyLeft),
      notReadyAddresses: notReadyAddresses.slice(0, otherLeft),
      ports,
    };
    readyLeft -= kept.addresses.length;
    otherLeft -= kept.notReadyAddresses.length;
    return tidy(kept);
  });
  return {
    subsets: cut.filter(({ addresses, notReadyAddresses }) => addresses ?? notReadyAddresses),
    truncated: true,
  };
}
