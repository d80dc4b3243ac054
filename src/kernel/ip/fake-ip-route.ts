import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import type { NetnsPath } from '../network-namespace.ts';
import {
  type LinkAdd,
  type LinkSet,
  type Neighbour,
  type NetworkChange,
  type Route,
  renderChange,
} from './change.ts';
import { type IpRoute, IpRouteError, type Link } from './ip-route.ts';

interface Namespace {
  links: Map<string, FakeLink>;
  routes: Route[];
  neighbours: Neighbour[];
  forwarding: { link: string; mac: string; remote: string }[];
}

interface FakeLink extends Link {
  /** The other end of a veth pair. */
  peer?: { netns: NetnsPath | undefined; name: string };
}

/**
 * Links and routes of network namespaces as a model: names are unique in a namespace, a route needs its link,
 * a link takes its routes and its other end along when it goes. Namespaces begin with `lo`, down.
 */
export class FakeIpRoute implements IpRoute {
  /** Every change that was applied, as iproute2's words. */
  readonly applied: string[] = [];
  /** Makes changes fail for which it returns the kernel's words. */
  fail: ((change: NetworkChange, netns: NetnsPath | undefined) => string | undefined) | undefined;
  readonly #namespaces = new Map<NetnsPath | undefined, Namespace>();
  #index = 0;

  async apply(changes: readonly NetworkChange[], netns?: NetnsPath): Promise<void> {
    for (const change of changes) {
      const words = renderChange(change);
      const reason = this.fail?.(change, netns) ?? this.#apply(change, netns);
      if (reason !== undefined) throw new IpRouteError(reason, change, words);
      this.applied.push(words);
    }
  }

  async links(netns?: NetnsPath): Promise<Link[]> {
    return [...this.#namespace(netns).links.values()].map(({ peer: _, ...link }) => ({
      ...link,
      addresses: [...link.addresses],
    }));
  }

  async routes(family: IpFamily, netns?: NetnsPath): Promise<Route[]> {
    return this.#namespace(netns)
      .routes.filter(route => route.family === family)
      .map(route => ({ ...route }));
  }

  async neighbours(family: IpFamily, netns?: NetnsPath): Promise<Neighbour[]> {
    return this.#namespace(netns).neighbours.filter(({ address }) => familyOf(address) === family);
  }

  async forwarding(link: string, netns?: NetnsPath): Promise<{ mac: string; remote: string }[]> {
    const rows = this.#namespace(netns).forwarding.filter(row => row.link === link);
    return rows.map(({ mac, remote }) => ({ mac, remote }));
  }

  async close(): Promise<void> {}

  /** A namespace goes, and its links with it. */
  removeNamespace(netns: NetnsPath): void {
    for (const name of [...this.#namespace(netns).links.keys()]) this.#deleteLink(name, netns);
    this.#namespaces.delete(netns);
  }

  /** The kernel's words where it refuses. */
  #apply(change: NetworkChange, netns: NetnsPath | undefined): string | undefined {
    const space = this.#namespace(netns);
    switch (change.op) {
      case 'link.add':
        return this.#addLink(change, netns);
      case 'link.set':
        return setLink(space, change);
      case 'link.delete':
        return space.links.has(change.name) ? this.#deleteLink(change.name, netns) : noDevice(change.name);
      case 'link.delete-group':
        return this.#deleteGroup(String(change.group), netns);
      case 'address.add':
      case 'address.delete':
        return changeAddress(space, change);
      case 'route.replace':
        return replaceRoute(space, change.route);
      case 'route.delete':
        return deleteRoute(space, change.route);
      case 'neighbour.replace':
      case 'neighbour.delete':
        return changeNeighbour(space, change);
      case 'fdb.replace':
      case 'fdb.delete':
        return changeForwarding(space, change);
    }
  }

  #namespace(netns: NetnsPath | undefined): Namespace {
    const present = this.#namespaces.get(netns);
    if (present) return present;
    const links = new Map([['lo', this.#link('lo', '', { mtu: 65_536 })]]);
    const fresh: Namespace = { links, routes: [], neighbours: [], forwarding: [] };
    this.#namespaces.set(netns, fresh);
    return fresh;
  }

  #link(name: string, kind: string, { mtu = 1500, mac }: { mtu?: number; mac?: string }): FakeLink {
    const index = ++this.#index;
    const made = `02:00:00:00:00:${index.toString(16).padStart(2, '0').slice(-2)}`;
    const nothing = { master: undefined, alias: undefined, group: 'default', addresses: [] };
    return { index, name, kind, up: false, mtu, mac: mac ?? made, ...nothing };
  }

  #addLink(change: LinkAdd, netns: NetnsPath | undefined): string | undefined {
    const space = this.#namespace(netns);
    if (space.links.has(change.name)) return 'RTNETLINK answers: File exists';
    const link = this.#link(change.name, change.kind, change);
    link.up = change.up ?? false;
    if (change.kind === 'veth') {
      const { peer } = change;
      const peerNetns = peer.netns ?? netns;
      const peerSpace = this.#namespace(peerNetns);
      if (peerSpace.links.has(peer.name)) return 'RTNETLINK answers: File exists';
      const other = this.#link(peer.name, 'veth', peer);
      other.peer = { netns, name: change.name };
      link.peer = { netns: peerNetns, name: peer.name };
      peerSpace.links.set(peer.name, other);
    }
    space.links.set(change.name, link);
    return undefined;
  }

  #deleteLink(name: string, netns: NetnsPath | undefined): undefined {
    const space = this.#namespace(netns);
    const link = space.links.get(name);
    if (!link) return;
    space.links.delete(name);
    space.routes = space.routes.filter(route => route.link !== name);
    space.neighbours = space.neighbours.filter(entry => entry.link !== name);
    space.forwarding = space.forwarding.filter(entry => entry.link !== name);
    for (const other of space.links.values()) if (other.master === name) other.master = undefined;
    if (link.peer) this.#deleteLink(link.peer.name, link.peer.netns);
  }

  #deleteGroup(group: string, netns: NetnsPath | undefined): string | undefined {
    const names = [...this.#namespace(netns).links.values()].filter(link => link.group === group);
    if (names.length === 0) return noDevice(`group ${group}`);
    for (const { name } of names) this.#deleteLink(name, netns);
    return undefined;
  }
}

function noDevice(name: string): string {
  return `Cannot find device "${name}"`;
}

function setLink(space: Namespace, change: LinkSet): string | undefined {
  const link = space.links.get(change.name);
  if (!link) return noDevice(change.name);
  if (change.master && !space.links.has(change.master)) return noDevice(change.master);
  if (change.up !== undefined) link.up = change.up;
  if (change.mtu !== undefined) link.mtu = change.mtu;
  if (change.mac !== undefined) link.mac = change.mac;
  if (change.master !== undefined) link.master = change.master ?? undefined;
  if (change.alias !== undefined) link.alias = change.alias;
  if (change.group !== undefined) link.group = change.group === 0 ? 'default' : String(change.group);
  if (!link.up) space.routes = space.routes.filter(route => route.link !== link.name);
  return undefined;
}

function changeAddress(
  space: Namespace,
  change: Extract<NetworkChange, { op: 'address.add' | 'address.delete' }>,
): string | undefined {
  const link = space.links.get(change.link);
  if (!link) return noDevice(change.link);
  const present = link.addresses.indexOf(change.address);
  if (change.op === 'address.add') {
    if (present >= 0) return 'RTNETLINK answers: File exists';
    link.addresses.push(change.address);
    return undefined;
  }
  if (present < 0) return 'RTNETLINK answers: Cannot assign requested address';
  link.addresses.splice(present, 1);
  return undefined;
}

function replaceRoute(space: Namespace, route: Route): string | undefined {
  if (route.link !== undefined) {
    const link = space.links.get(route.link);
    if (!link) return noDevice(route.link);
    if (!link.up) return 'RTNETLINK answers: Network is down';
  }
  space.routes = space.routes.filter(
    other => other.destination !== route.destination || other.family !== route.family,
  );
  space.routes.push(route);
  return undefined;
}

function deleteRoute(
  space: Namespace,
  route: Pick<Route, 'destination' | 'family' | 'link'>,
): string | undefined {
  const index = space.routes.findIndex(
    other =>
      other.destination === route.destination &&
      other.family === route.family &&
      (route.link === undefined || other.link === route.link),
  );
  if (route.link !== undefined && !space.links.has(route.link)) return noDevice(route.link);
  if (index < 0) return 'RTNETLINK answers: No such process';
  space.routes.splice(index, 1);
  return undefined;
}

function changeNeighbour(
  space: Namespace,
  change: Extract<NetworkChange, { op: 'neighbour.replace' | 'neighbour.delete' }>,
): string | undefined {
  const { address, link } = change.neighbour;
  if (!space.links.has(link)) return noDevice(link);
  const rest = space.neighbours.filter(entry => entry.address !== address || entry.link !== link);
  if (change.op === 'neighbour.delete' && rest.length === space.neighbours.length) {
    return 'RTNETLINK answers: No such file or directory';
  }
  space.neighbours = change.op === 'neighbour.replace' ? [...rest, change.neighbour] : rest;
  return undefined;
}

function changeForwarding(
  space: Namespace,
  change: Extract<NetworkChange, { op: 'fdb.replace' | 'fdb.delete' }>,
): string | undefined {
  const { link, mac } = change;
  if (!space.links.has(link)) return noDevice(link);
  const rest = space.forwarding.filter(entry => entry.link !== link || entry.mac !== mac);
  if (change.op === 'fdb.delete' && rest.length === space.forwarding.length) {
    return 'RTNETLINK answers: No such file or directory';
  }
  space.forwarding = change.op === 'fdb.replace' ? [...rest, { link, mac, remote: change.remote }] : rest;
  return undefined;
}
