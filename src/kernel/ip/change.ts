import type { IpFamily } from '../../base/ip-address.ts';
import type { NetnsPath } from '../network-namespace.ts';

/**
 * One change of links, addresses, routes or neighbours, as data: plans are lists of them, tests compare them,
 * `renderChange` gives iproute2's words.
 */
export type NetworkChange =
  | LinkAdd
  | LinkSet
  | { op: 'link.delete'; name: string }
  /** Removes every link of a group at once: the kernel waits once for all of them, not once for each. */
  | { op: 'link.delete-group'; group: number }
  | { op: 'address.add'; link: string; address: string; noDad?: boolean; scope?: 'global' | 'link' | 'host' }
  | { op: 'address.delete'; link: string; address: string }
  | { op: 'route.replace'; route: Route }
  | { op: 'route.delete'; route: Pick<Route, 'destination' | 'family' | 'link' | 'type'> }
  | { op: 'neighbour.replace'; neighbour: Neighbour }
  | { op: 'neighbour.delete'; neighbour: Pick<Neighbour, 'address' | 'link'> }
  /** Frames for `mac` go to the tunnel endpoint `remote` (a VXLAN link's forwarding table). */
  | { op: 'fdb.replace'; link: string; mac: string; remote: string }
  | { op: 'fdb.delete'; link: string; mac: string; remote?: string };

export type LinkAdd = { op: 'link.add'; name: string; mtu?: number; mac?: string; up?: boolean } & (
  | { kind: 'veth'; peer: VethPeer }
  | { kind: 'bridge' }
  | { kind: 'vxlan'; vxlan: Vxlan }
);

/** The other end. The kernel cannot bring it up while it makes the pair. */
export interface VethPeer {
  name: string;
  /** Where it is made; moving it there afterwards costs 20 ms more. */
  netns?: NetnsPath;
  mtu?: number;
  mac?: string;
}

export interface Vxlan {
  id: number;
  port: number;
  local: string;
}

export interface LinkSet {
  op: 'link.set';
  name: string;
  up?: boolean;
  mtu?: number;
  mac?: string;
  /** Bridge to join; null to leave the one it is in. */
  master?: string | null;
  alias?: string;
  group?: number;
  /** How an IPv6 link-local address is made when the link comes up; `none` for no such address. */
  addrGenMode?: 'none' | 'eui64';
}

export interface Route {
  /** A subnet or `default`. */
  destination: string;
  /** Of `default`, which doesn't say; else that of the destination. */
  family: IpFamily;
  via?: string;
  link?: string;
  source?: string;
  /** The next hop is taken as reachable on the link although no address of the link covers it. */
  onLink?: boolean;
  mtu?: number;
  /** `unreachable`: refuses with ICMP. */
  type?: 'unicast' | 'unreachable';
  scope?: 'link';
  metric?: number;
  /** Who made it (rtm_protocol): 2 the kernel, 3 boot, 4 static. */
  protocol?: number;
}

/** A permanent entry: this address has this MAC on this link. */
export interface Neighbour {
  address: string;
  mac: string;
  link: string;
}

/** The words for `ip -batch` (for fdb changes: `bridge -batch`). No word of ours has a space or a quote. */
export function renderChange(change: NetworkChange): string {
  const words = changeWords(change);
  for (const word of words) {
    if (!/^[\w@:./+-]+$/.test(word)) throw new Error(`"${word}" cannot stand in an ip command`);
  }
  return words.join(' ');
}

export function isFdbChange(change: NetworkChange): boolean {
  return change.op === 'fdb.replace' || change.op === 'fdb.delete';
}

function changeWords(change: NetworkChange): string[] {
  switch (change.op) {
    case 'link.add':
      return linkAddWords(change);
    case 'link.set':
      return linkSetWords(change);
    case 'link.delete':
      return ['link', 'delete', 'dev', change.name];
    case 'link.delete-group':
      return ['link', 'delete', 'group', String(change.group)];
    case 'address.add': {
      const options = [...option('scope', change.scope), ...(change.noDad ? ['nodad'] : [])];
      return ['address', 'add', change.address, 'dev', change.link, ...options];
    }
    case 'address.delete':
      return ['address', 'delete', change.address, 'dev', change.link];
    case 'route.replace':
      return ['route', 'replace', ...routeWords(change.route)];
    case 'route.delete': {
      const { type, link } = change.route;
      return [
        'route',
        'delete',
        ...(type ? [type] : []),
        destinationOf(change.route),
        ...option('dev', link),
      ];
    }
    case 'neighbour.replace': {
      const { address, mac, link } = change.neighbour;
      return ['neighbour', 'replace', address, 'lladdr', mac, 'dev', link, 'nud', 'permanent'];
    }
    case 'neighbour.delete':
      return ['neighbour', 'delete', change.neighbour.address, 'dev', change.neighbour.link];
    case 'fdb.replace':
      return ['fdb', 'replace', change.mac, 'dev', change.link, 'dst', change.remote, 'self', 'permanent'];
    case 'fdb.delete':
      return ['fdb', 'delete', change.mac, 'dev', change.link, ...option('dst', change.remote), 'self'];
  }
}

function linkAddWords(change: LinkAdd): string[] {
  const words = ['link', 'add', 'name', change.name, ...linkProperties(change)];
  if (change.up) words.push('up');
  words.push('type', change.kind);
  if (change.kind === 'veth') {
    const { name, netns } = change.peer;
    words.push('peer', 'name', name, ...linkProperties(change.peer), ...option('netns', netns));
  }
  // No spanning tree: its 15 s of listening and learning would hold every new link back.
  if (change.kind === 'bridge') words.push('stp_state', '0', 'forward_delay', '0');
  if (change.kind === 'vxlan') {
    const { id, port, local } = change.vxlan;
    words.push('id', String(id), 'dstport', String(port), 'local', local, 'nolearning');
  }
  return words;
}

function linkProperties({ mtu, mac }: { mtu?: number; mac?: string }): string[] {
  return [...option('mtu', mtu), ...option('address', mac)];
}

function linkSetWords(change: LinkSet): string[] {
  const words = ['link', 'set', 'dev', change.name, ...linkProperties(change)];
  if (change.master === null) words.push('nomaster');
  else words.push(...option('master', change.master));
  words.push(...option('alias', change.alias), ...option('group', change.group));
  words.push(...option('addrgenmode', change.addrGenMode));
  if (change.up !== undefined) words.push(change.up ? 'up' : 'down');
  return words;
}

function routeWords(route: Route): string[] {
  return [
    ...(route.type === 'unreachable' ? ['unreachable'] : []),
    destinationOf(route),
    ...option('via', route.via),
    ...option('dev', route.link),
    ...option('src', route.source),
    ...option('scope', route.scope),
    ...option('metric', route.metric),
    ...option('protocol', route.protocol),
    ...option('mtu', route.mtu),
    ...(route.onLink ? ['onlink'] : []),
  ];
}

function destinationOf({ destination, family }: Pick<Route, 'destination' | 'family'>): string {
  return destination === 'default' && family === 'IPv6' ? '::/0' : destination;
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}
