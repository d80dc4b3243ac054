import { addressBits, type Cidr, formatAddress, formatCidr } from '../../base/ip-address.ts';

/** A subnet as nft prints it in a set: one address alone goes without its prefix. */
export function subnetKey(cidr: Cidr): string {
  if (cidr.prefix < addressBits(cidr.family)) return formatCidr(cidr);
  return formatAddress({ family: cidr.family, value: cidr.first });
}
