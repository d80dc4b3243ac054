import { addressAt, addressBits, cidrContains, parseAddress, parseCidr } from '../base/ip-address.ts';
import { nodeMaskSizes } from './cluster-config.ts';
import { UsageFailure } from './failure.ts';
import { type ClusterWish, familiesOf } from './plan-cluster.ts';

/**
 * Looks at the sizes and addresses of a wish whose subnets are chosen, so that what cannot work is told
 * before anything is made.
 * @throws UsageFailure for the first that is off
 */
export function checkWish(wish: ClusterWish): void {
  checkSubnets(wish);
  for (const address of wish.dnsUpstreams ?? []) {
    if (!parseAddress(address)) {
      throw new UsageFailure(`"${address}" is no address of a DNS server: write it as 10.0.0.53`);
    }
  }
  for (const range of wish.lbPool ?? []) checkPool(range, wish.nodeSubnets);
}

function checkSubnets(wish: ClusterWish): void {
  const families = familiesOf(wish.ipFamily);
  const masks = nodeMaskSizes(families, wish.nodeMaskSizes);
  if (masks.length !== families.length) {
    throw new UsageFailure(`--node-mask-size needs one number for each of ${families.join(', ')}`);
  }
  for (const [index, family] of families.entries()) {
    const bits = addressBits(family);
    const mask = masks[index]!;
    const { prefix } = parseCidr(wish.podSubnets[index]!)!;
    if (mask > bits - 2) throw new UsageFailure(`nodes with pod subnets of /${mask} have no room for pods`);
    if (mask < prefix || 2 ** Math.min(mask - prefix, 16) < wish.nodes) {
      throw new UsageFailure(
        `the subnet ${wish.podSubnets[index]} for pods is too small: ${wish.nodes} nodes with a /${mask} each do not fit`,
      );
    }
    needRoom('services', wish.serviceSubnets[index]!, bits - 4);
    // Nodes are at its beginning, load balancers from its 200th address on.
    needRoom('the node network', wish.nodeSubnets[index]!, bits - 8);
  }
}

function needRoom(what: string, subnet: string, longest: number): void {
  if (parseCidr(subnet)!.prefix <= longest) return;
  throw new UsageFailure(
    `the subnet ${subnet} for ${what} is too small: choose one of /${longest} or larger`,
  );
}

/** `A-B` or a subnet, within a subnet of the nodes: only there do their neighbours ask for the addresses. */
function checkPool(range: string, nodeSubnets: readonly string[]): void {
  const cidr = parseCidr(range);
  const ends = cidr ? [addressAt(cidr, 0)!, addressAt(cidr, cidr.last - cidr.first)!] : range.split('-');
  const [first, last] = ends.map(end => parseAddress(end.trim()));
  if (ends.length !== 2 || !first || !last || first.family !== last.family || first.value > last.value) {
    throw new UsageFailure(
      `"${range}" is no range of load-balancer addresses: write it as 172.30.0.200-172.30.0.254 or 172.30.0.192/26`,
    );
  }
  const around = nodeSubnets.map(subnet => parseCidr(subnet)!);
  if (around.some(subnet => cidrContains(subnet, first) && cidrContains(subnet, last))) return;
  throw new UsageFailure(
    `the load-balancer addresses ${range} are not in the subnet of the nodes, ${nodeSubnets.join(', ')}`,
  );
}
