import { createHash } from 'node:crypto';
import type { Node } from '../../api/generated/types.ts';
import {
  cidrContains,
  familyOf,
  formatAddress,
  type IpFamily,
  parseAddress,
  parseCidr,
} from '../../base/ip-address.ts';
import type { NetworkChange, Route } from '../../kernel/ip/change.ts';
import type { Link } from '../../kernel/ip/ip-route.ts';
import { routeProtocol } from './pod-link.ts';

/** How packets reach the pods of another node: by its address on the same link, or wrapped in UDP to it. */
export type RouteMode = 'direct' | 'vxlan' | 'auto';

export const vxlanLink = 'cw-vxlan';

/** Bytes VXLAN puts before a packet: outer Ethernet, IP, UDP and VXLAN headers. */
export function vxlanOverhead(underlay: IpFamily): number {
  return underlay === 'IPv4' ? 50 : 70;
}

export interface PeerNode {
  name: string;
  addresses: string[];
  podCidrs: string[];
}

export interface LocalNode {
  name: string;
  addresses: readonly string[];
  /** The link that has the node's addresses, with them and their prefixes. */
  link: Link;
}

export interface VxlanPlan {
  mac: string;
  mtu: number;
  local: string;
  neighbours: { address: string; mac: string; link: string }[];
  forwarding: { mac: string; remote: string }[];
}

export interface RoutePlan {
  routes: Route[];
  /** Undefined where no node is reached so. */
  vxlan: VxlanPlan | undefined;
}

/** What the pod network needs of a Node; undefined while it has no podCIDR or no address. */
export function peerOf(node: Node): PeerNode | undefined {
  const addresses = (node.status?.addresses ?? [])
    .filter(({ type, address }) => type === 'InternalIP' && parseAddress(address))
    .map(({ address }) => address);
  const podCidrs = podCidrsOf(node);
  if (addresses.length === 0 || podCidrs.length === 0) return undefined;
  return { name: node.metadata?.name ?? '', addresses, podCidrs };
}

export function podCidrsOf(node: Node): string[] {
  const { podCIDR, podCIDRs } = node.spec ?? {};
  const cidrs = podCIDRs ?? (podCIDR ? [podCIDR] : []);
  return cidrs.filter(cidr => parseCidr(cidr) !== undefined);
}

/** The routes to the other nodes' pods. */
export function planRoutes(local: LocalNode, peers: readonly PeerNode[], mode: RouteMode): RoutePlan {
  const routes: Route[] = [];
  const tunnelled: { peer: PeerNode; remote: string }[] = [];
  const underlay = local.addresses[0];
  for (const peer of [...peers].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (peer.name === local.name) continue;
    const remote = peer.addresses.find(address => underlay && familyOf(address) === familyOf(underlay));
    if (remote && (mode === 'vxlan' || (mode === 'auto' && !onLink(local.link, remote)))) {
      tunnelled.push({ peer, remote });
      continue;
    }
    routes.push(...peer.podCidrs.flatMap(cidr => directRoute(local, peer, cidr) ?? []));
  }
  if (tunnelled.length === 0 || underlay === undefined) return { routes, vxlan: undefined };
  for (const { peer } of tunnelled) routes.push(...peer.podCidrs.map(cidr => tunnelRoute(local, cidr)));
  return { routes, vxlan: planVxlan(local, underlay, tunnelled) };
}

/** Undefined where the nodes share no family the subnet is of. */
function directRoute(local: LocalNode, peer: PeerNode, cidr: string): Route | undefined {
  const family = familyOf(cidr)!;
  const via = peer.addresses.find(address => familyOf(address) === family);
  const shared = local.addresses.some(address => familyOf(address) === family);
  if (!via || !shared) return undefined;
  return { ...routeBase(local, cidr), via, link: local.link.name };
}

function tunnelRoute(local: LocalNode, cidr: string): Route {
  return { ...routeBase(local, cidr), via: tunnelAddress(cidr), link: vxlanLink, onLink: true };
}

function routeBase(local: LocalNode, cidr: string) {
  const family = familyOf(cidr)!;
  const source = local.addresses.find(address => familyOf(address) === family);
  return { destination: cidr, family, protocol: routeProtocol, ...(source && { source }) };
}

function planVxlan(
  local: LocalNode,
  underlay: string,
  tunnelled: readonly { peer: PeerNode; remote: string }[],
): VxlanPlan {
  return {
    mac: vxlanMac(local.name),
    mtu: local.link.mtu - vxlanOverhead(familyOf(underlay)!),
    local: underlay,
    neighbours: tunnelled.flatMap(({ peer }) =>
      peer.podCidrs.map(cidr => {
        return { address: tunnelAddress(cidr), mac: vxlanMac(peer.name), link: vxlanLink };
      }),
    ),
    forwarding: tunnelled.map(({ peer, remote }) => ({ mac: vxlanMac(peer.name), remote })),
  };
}

/** A pod subnet's own address, given to no pod, stands for the far end of its tunnel. */
function tunnelAddress(cidr: string): string {
  const { family, first } = parseCidr(cidr)!;
  return formatAddress({ family, value: first });
}

/** Made of the node's name, so that no node has to tell others its own. */
export function vxlanMac(node: string): string {
  const digest = createHash('sha256').update(node).digest('hex');
  return ['0a', 'ca', ...digest.slice(0, 8).match(/../g)!].join(':');
}

function onLink(link: Link, address: string): boolean {
  const parsed = parseAddress(address)!;
  return link.addresses.some(text => {
    const cidr = parseCidr(text);
    return cidr !== undefined && cidrContains(cidr, parsed);
  });
}

/** The changes that turn `present` routes into `wanted` ones. Routes of other makers are not in `present`. */
export function diffRoutes(wanted: readonly Route[], present: readonly Route[]): NetworkChange[] {
  const wantedByKey = new Map(wanted.map(route => [routeKey(route), route]));
  const presentByKey = new Map(present.map(route => [routeKey(route), route]));
  const changes: NetworkChange[] = [];
  for (const [key, route] of presentByKey) {
    if (wantedByKey.has(key)) continue;
    const { destination, family, type, link } = route;
    changes.push({ op: 'route.delete', route: { destination, family, type, link } });
  }
  for (const [key, route] of wantedByKey) {
    if (!sameRoute(route, presentByKey.get(key))) changes.push({ op: 'route.replace', route });
  }
  return changes;
}

/** The kernel keeps one route a destination and metric; IPv6 keeps one a next hop, too. */
function routeKey({ destination, family, via, link }: Route): string {
  return family === 'IPv4' ? destination : `${destination} ${via} ${link}`;
}

function sameRoute(a: Route, b: Route | undefined): boolean {
  const words = (route: Route) =>
    [route.type ?? 'unicast', route.via, route.link, route.source, route.onLink ?? false].join(' ');
  return b !== undefined && words(a) === words(b);
}
