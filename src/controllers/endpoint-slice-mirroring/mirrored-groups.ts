import type { CoreEndpointPort, Endpoint, EndpointAddress, Endpoints } from '../../api/generated/types.ts';
import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import { type PortGroup, portsKey } from '../slices/slice-plan.ts';

/** More addresses of one subset are not mirrored. */
const maxPerSubset = 1000;

/** What an Endpoints object says, as groups of endpoints of one family. */
export function mirroredGroups({ subsets = [] }: Endpoints, family: IpFamily): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const endpointPorts = ports.map(mirroredPort);
    const key = portsKey(endpointPorts);
    const all = [
      ...addresses.map(address => mirrored(address, true)),
      ...notReadyAddresses.map(address => mirrored(address, false)),
    ].filter(({ addresses: [ip = ''] }) => familyOf(ip) === family);
    if (all.length === 0) continue;
    const group = groups.get(key) ?? { ports: endpointPorts, endpoints: [] };
    group.endpoints.push(...all.slice(0, maxPerSubset));
    groups.set(key, group);
  }
  return [...groups.values()];
}

function mirroredPort({ name = '', port, protocol = 'TCP', appProtocol }: CoreEndpointPort) {
  return { name, port, protocol, ...(appProtocol && { appProtocol }) };
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    ...(targetRef && { targetRef }),
  };
}
