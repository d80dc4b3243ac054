import type { LoadBalancerIngress, Service } from '../../api/generated/types.ts';
import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import type { AddressPool } from './address-pool.ts';

export const cleanupFinalizer = 'service.kubernetes.io/load-balancer-cleanup';

/** Whether a Service is ours to give an address: of the type, and of no class of somebody else. */
export function wantsLoadBalancer({ spec, metadata }: Service, loadBalancerClass: string): boolean {
  if (spec?.type !== 'LoadBalancer' || metadata?.deletionTimestamp) return false;
  return spec.loadBalancerClass === undefined || spec.loadBalancerClass === loadBalancerClass;
}

export type AddressPlan = { addresses: string[] } | { problem: string };

/**
 * The addresses of a Service, one a family, taken from the pool: those it has, the one it asks for with
 * `loadBalancerIP`, else free ones.
 */
export function planAddresses(service: Service, key: string, pool: AddressPool): AddressPlan {
  const families = (service.spec?.ipFamilies ?? ['IPv4']) as IpFamily[];
  const present = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const asked = service.spec?.loadBalancerIP;
  const addresses: string[] = [];
  for (const family of families) {
    const wanted = asked && familyOf(asked) === family ? asked : undefined;
    const result = addressFor(family, key, pool, wanted, present);
    if ('problem' in result) return result;
    addresses.push(result.address);
  }
  return { addresses };
}

function addressFor(
  family: IpFamily,
  key: string,
  pool: AddressPool,
  wanted: string | undefined,
  present: readonly string[],
): { address: string } | { problem: string } {
  if (wanted) {
    if (pool.take(wanted, key)) return { address: wanted };
    const holder = pool.holder(wanted);
    const why = holder
      ? `it is in use by Service ${holder}`
      : 'it is not in the pool of load-balancer addresses';
    return { problem: `address ${wanted} can't be given: ${why}` };
  }
  const kept = present.find(ip => familyOf(ip) === family && pool.take(ip, key));
  const address = kept ?? pool.allocate(family, key);
  return address
    ? { address }
    : { problem: `no ${family} address is left in the pool of load-balancer addresses` };
}

export function ingressOf(addresses: readonly string[]): LoadBalancerIngress[] {
  return addresses.map(ip => ({ ip, ipMode: 'VIP' }));
}
