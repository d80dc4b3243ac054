import { type IpFamily, parseCidr } from '../base/ip-address.ts';
import { bridgeName } from '../machines/cluster-names.ts';
import { type ClusterConfig, type EtcdConfig, type NodeConfig, nodeMaskSizes } from './cluster-config.ts';
import { addressIn } from './cluster-files.ts';
import { UsageFailure } from './failure.ts';

/** What the user asked `up` for. */
export interface ClusterWish {
  name: string;
  isolated: boolean;
  nodes: number;
  ipFamily: 'ipv4' | 'ipv6' | 'dual';
  nodeSubnets: string[];
  podSubnets: string[];
  serviceSubnets: string[];
  lbPool?: string[];
  apiPort?: number;
  audit?: boolean;
  dnsUpstreams?: string[];
  nodeMaskSizes?: number[];
  etcd?: EtcdConfig;
  servers?: number;
}

/** Addresses of a node subnet: the gateway, then the nodes, then those of load balancers at the end. */
const gatewayIndex = 1;
const firstNodeIndex = 2;
const maxNodes = 64;

/** Decides all of a new cluster but its subnets, which were chosen before. Pure. */
export function planCluster(wish: ClusterWish, createdAt: string): ClusterConfig {
  const config: ClusterConfig = {
    name: wish.name,
    isolated: wish.isolated,
    ipFamilies: familiesOf(wish.ipFamily),
    nodeSubnets: wish.nodeSubnets,
    podSubnets: wish.podSubnets,
    serviceSubnets: wish.serviceSubnets,
    gateways: wish.nodeSubnets.map(subnet => addressIn(subnet, gatewayIndex)),
    lbPool: wish.lbPool ?? wish.nodeSubnets.map(defaultPool),
    bridge: bridgeName(wish.name),
    mtu: 1500,
    ...(wish.apiPort !== undefined && { apiPort: wish.apiPort }),
    ...(wish.dnsUpstreams && { dnsUpstreams: wish.dnsUpstreams }),
    ...(wish.nodeMaskSizes && { nodeMaskSizes: wish.nodeMaskSizes }),
    ...(wish.etcd && { etcd: wish.etcd }),
    ...(wish.audit && { audit: true }),
    ...(wish.servers && wish.servers > 1 && { servers: wish.servers }),
    nodes: [],
    createdAt,
  };
  for (let index = 0; index < wish.nodes; index++) config.nodes.push(planNode(config));
  return config;
}

/** The families of `--ip-family`, the first one being what nodes and Services get by default. */
export function familiesOf(word: ClusterWish['ipFamily']): IpFamily[] {
  if (word === 'dual') return ['IPv4', 'IPv6'];
  return word === 'ipv6' ? ['IPv6'] : ['IPv4'];
}

/** A node beside those there are: the first free number and address. */
export function planNode(config: ClusterConfig, name?: string): NodeConfig {
  const names = new Set(config.nodes.map(node => node.name));
  if (name !== undefined && names.has(name)) throw new UsageFailure(`there is a node "${name}" already`);
  if (config.nodes.length >= maxNodes) throw new UsageFailure(`a cluster has at most ${maxNodes} nodes`);
  needPodSubnet(config);
  let number = 1;
  while (names.has(`${config.name}-${number}`)) number++;
  const taken = new Set(config.nodes.flatMap(node => node.addresses));
  let index = firstNodeIndex;
  while (taken.has(addressIn(config.nodeSubnets[0]!, index))) index++;
  return {
    name: name ?? `${config.name}-${number}`,
    addresses: config.nodeSubnets.map(subnet => addressIn(subnet, index)),
  };
}

/** @throws UsageFailure when every part of the pods' subnet is a node's already */
function needPodSubnet({ ipFamilies, podSubnets, nodeMaskSizes: chosen, nodes }: ClusterConfig): void {
  const masks = nodeMaskSizes(ipFamilies, chosen);
  for (const [index, subnet] of podSubnets.entries()) {
    const mask = masks[index]!;
    if (2 ** (mask - parseCidr(subnet)!.prefix) > nodes.length) continue;
    throw new UsageFailure(`the subnet ${subnet} for pods has no /${mask} left for another node`);
  }
}

/** The load balancers' part of a node subnet: 55 addresses near the end of a /24's size. */
function defaultPool(subnet: string): string {
  return `${addressIn(subnet, 200)}-${addressIn(subnet, 254)}`;
}
