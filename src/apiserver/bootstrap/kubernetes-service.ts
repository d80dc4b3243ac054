import { isIPv6 } from 'node:net';
import type { KubeObject } from '../../api/objects.ts';
import { addressAt, parseCidr } from '../../base/ip-address.ts';

export interface KubernetesServiceOptions {
  serviceCidrs: readonly string[];
  /** Where clients in the cluster reach this server: an address of each family it has. */
  advertiseAddresses: readonly string[];
  advertisePort: number;
}

/** The ServiceCIDR the cluster begins with. */
export function serviceCidr(cidrs: readonly string[]): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [...cidrs] },
  } as KubeObject;
}

const port = { name: 'https', port: 443, protocol: 'TCP' };

/** The `kubernetes` Service of the default namespace with its endpoints, which the API server keeps itself. */
export function kubernetesService(options: KubernetesServiceOptions): KubeObject[] {
  const { advertiseAddresses: addresses, advertisePort } = options;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: addressAt(parseCidr(options.serviceCidrs[0]!)!, 1),
      sessionAffinity: 'None',
      ports: [{ ...port, targetPort: advertisePort }],
    },
  };
  if (addresses.length === 0) return [service as KubeObject];
  const ports = [{ name: 'https', port: advertisePort, protocol: 'TCP' }];
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: addresses.slice(0, 1).map(ip => ({ ip })), ports }],
  };
  const family = isIPv6(addresses[0]!);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: family ? 'IPv6' : 'IPv4',
    endpoints: addresses
      .filter(address => isIPv6(address) === family)
      .map(address => ({ addresses: [address], conditions: { ready: true } })),
    ports,
  };
  return [service, endpoints, slice] as KubeObject[];
}
