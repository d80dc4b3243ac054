import type {
  EndpointSlice,
  Endpoints,
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  Service,
  ServiceCIDR,
} from '../../api/generated/types.ts';
import { ageOf } from './age.ts';
import { ageColumn, column, nameColumn, selectorColumn } from './columns.ts';
import { firstOf, formatLabels, formatSelector, none, unknown, unset } from './format.ts';
import type { Printer } from './table.ts';

const shown = 3;

export const servicePrinter: Printer<Service> = {
  columns: [
    nameColumn,
    column('Type', 'How the Service is exposed.'),
    column('Cluster-IP', 'The virtual address inside the cluster.'),
    column('External-IP', 'The addresses it is reached at from outside.'),
    column('Port(s)', 'The ports that are exposed by this service.'),
    ageColumn,
    selectorColumn,
  ],
  cells: (service, now) => [
    service.metadata?.name ?? '',
    service.spec?.type ?? '',
    service.spec?.clusterIPs?.[0] || service.spec?.clusterIP || none,
    externalIp(service),
    servicePorts(service),
    ageOf(service, now),
    formatLabels(service.spec?.selector),
  ],
};

function externalIp({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.length > 0 ? external.join(',') : none;
    case 'LoadBalancer': {
      const all = [...loadBalancerAddresses(status?.loadBalancer?.ingress), ...external];
      return all.length > 0 ? all.join(',') : '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return unknown;
  }
}

/** Each address or host name once, sorted. */
function loadBalancerAddresses(ingress: readonly { ip?: string; hostname?: string }[] | undefined): string[] {
  const addresses = (ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses.filter(Boolean))].sort();
}

function servicePorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.length > 0 ? ports.join(',') : none;
}

export const endpointsPrinter: Printer<Endpoints> = {
  columns: [nameColumn, column('Endpoints', 'The addresses and ports that back the Service.'), ageColumn],
  cells: (endpoints, now) => [
    endpoints.metadata?.name ?? '',
    formatEndpoints(endpoints),
    ageOf(endpoints, now),
  ],
};

function formatEndpoints({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return none;
  const all: string[] = [];
  for (const { ports = [], addresses = [] } of subsets) {
    if (ports.length === 0) all.push(...addresses.map(address => address.ip));
    for (const { port } of ports) all.push(...addresses.map(({ ip }) => hostPort(ip, port)));
  }
  return all.length === 0 ? none : firstOf(all, shown);
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export const endpointSlicePrinter: Printer<EndpointSlice> = {
  columns: [
    nameColumn,
    column('AddressType', 'The sort of addresses: IPv4, IPv6 or FQDN.'),
    column('Ports', 'The ports exposed by each endpoint in this slice.'),
    column('Endpoints', 'The addresses of the endpoints in this slice.'),
    ageColumn,
  ],
  cells: (slice, now) => [
    slice.metadata?.name ?? '',
    slice.addressType ?? '',
    firstOf(
      (slice.ports ?? []).map(p => String(p.port ?? (p.name || '*'))),
      shown,
    ) || unset,
    firstOf(
      (slice.endpoints ?? []).flatMap(e => e.addresses ?? []),
      shown,
    ) || unset,
    ageOf(slice, now),
  ],
};

export const ingressPrinter: Printer<Ingress> = {
  columns: [
    nameColumn,
    column('Class', 'The name of the IngressClass resource that should be used for additional configuration'),
    column('Hosts', 'Hosts that incoming requests are matched against before the ingress rule'),
    column('Address', 'Address is a list containing ingress points for the load-balancer'),
    column('Ports', 'Ports of TLS configurations that open'),
    ageColumn,
  ],
  cells: (ingress, now) => [
    ingress.metadata?.name ?? '',
    ingress.spec?.ingressClassName ?? none,
    firstOf((ingress.spec?.rules ?? []).map(rule => rule.host ?? '').filter(Boolean), shown) || '*',
    loadBalancerAddresses(ingress.status?.loadBalancer?.ingress).join(','),
    ingress.spec?.tls?.length ? '80, 443' : '80',
    ageOf(ingress, now),
  ],
};

export const ingressClassPrinter: Printer<IngressClass> = {
  columns: [
    nameColumn,
    column('Controller', 'Controller that is responsible for handling this class'),
    column('Parameters', 'A reference to a resource with additional parameters'),
    ageColumn,
  ],
  cells(object, now) {
    const { apiGroup, kind, name } = object.spec?.parameters ?? {};
    const parameters = kind ? `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}` : none;
    return [object.metadata?.name ?? '', object.spec?.controller ?? '', parameters, ageOf(object, now)];
  },
};

export const networkPolicyPrinter: Printer<NetworkPolicy> = {
  columns: [nameColumn, column('Pod-Selector', 'The pods the policy applies to.'), ageColumn],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    formatSelector(object.spec?.podSelector),
    ageOf(object, now),
  ],
};

export const ipAddressPrinter: Printer<IPAddress> = {
  columns: [nameColumn, column('ParentRef', 'The object the address belongs to.'), ageColumn],
  cells(object, now) {
    const { group, resource = '', namespace, name = '' } = object.spec?.parentRef ?? {};
    const kind = `${resource}${group ? `.${group}` : ''}`.toLowerCase();
    const parent = object.spec?.parentRef ? [kind, namespace, name].filter(Boolean).join('/') : none;
    return [object.metadata?.name ?? '', parent, ageOf(object, now)];
  },
};

export const serviceCidrPrinter: Printer<ServiceCIDR> = {
  columns: [nameColumn, column('CIDRs', 'The ranges that addresses of Services come from.'), ageColumn],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    (object.spec?.cidrs ?? []).join(','),
    ageOf(object, now),
  ],
};
