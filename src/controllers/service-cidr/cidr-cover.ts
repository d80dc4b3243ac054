import type { ServiceCIDR } from '../../api/generated/types.ts';
import { type Cidr, cidrContains, parseAddress, parseCidr } from '../../base/ip-address.ts';

type Ranges = Pick<ServiceCIDR, 'metadata' | 'spec'>;

/** Whether an address lies in one of the ranges. */
export function holdsAddress(cidr: Ranges, address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && rangesOf(cidr).some(range => cidrContains(range, parsed));
}

/** Whether others of `all` hold every address the ranges have. */
export function isReplaced(cidr: Ranges, all: readonly Ranges[]): boolean {
  const others = all.filter(other => other.metadata?.name !== cidr.metadata?.name).flatMap(rangesOf);
  return rangesOf(cidr).every(range =>
    others.some(
      other => other.family === range.family && other.first <= range.first && other.last >= range.last,
    ),
  );
}

/** Whether one of the addresses lies in no other of `all`. */
export function needsCidr(cidr: Ranges, all: readonly Ranges[], addresses: readonly string[]): boolean {
  const others = all.filter(other => other.metadata?.name !== cidr.metadata?.name);
  return addresses.some(
    address => holdsAddress(cidr, address) && !others.some(other => holdsAddress(other, address)),
  );
}

function rangesOf({ spec }: Ranges): Cidr[] {
  return (spec?.cidrs ?? []).flatMap(text => parseCidr(text) ?? []);
}
