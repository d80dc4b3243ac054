import type { IpFamily } from '../../base/ip-address.ts';
import type { Route } from './change.ts';
import type { Link } from './ip-route.ts';

/** What `ip -json -details address show` prints of a link, as far as it is read here. */
export interface LinkJson {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
  address?: string;
  master?: string;
  ifalias?: string;
  group?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: { family: string; local?: string; prefixlen?: number }[];
}

export interface RouteJson {
  type?: string;
  dst: string;
  gateway?: string;
  via?: { host: string };
  dev?: string;
  prefsrc?: string;
  scope?: string;
  metric?: number;
  protocol?: string;
  flags?: string[];
  metrics?: { mtu?: number }[];
}

export interface NeighbourJson {
  dst: string;
  dev: string;
  lladdr?: string;
}

export interface ForwardingJson {
  mac: string;
  dst?: string;
}

export function readLink(row: LinkJson): Link {
  return {
    index: row.ifindex,
    name: row.ifname,
    kind: row.linkinfo?.info_kind ?? '',
    up: row.flags.includes('UP'),
    mtu: row.mtu,
    mac: row.address ?? '',
    master: row.master,
    alias: row.ifalias,
    group: row.group ?? 'default',
    addresses: (row.addr_info ?? []).flatMap(({ local, prefixlen }) =>
      local === undefined ? [] : [`${local}/${prefixlen}`],
    ),
  };
}

/** The kernel's default for an IPv6 route that names no metric. */
const defaultIPv6Metric = 1024;

/** Undefined for kinds of route that are not read (local, broadcast, multicast). */
export function readRoute(row: RouteJson, family: IpFamily): Route | undefined {
  const { type = 'unicast', metric } = row;
  if (type !== 'unicast' && type !== 'unreachable') return undefined;
  const mtu = row.metrics?.find(entry => entry.mtu !== undefined)?.mtu;
  const plainMetric =
    metric === undefined || metric === 0 || (family === 'IPv6' && metric === defaultIPv6Metric);
  return {
    destination: withPrefix(row.dst, family),
    family,
    ...(type === 'unreachable' && { type }),
    ...(row.gateway && { via: row.gateway }),
    // The kernel hangs IPv6 unreachable routes on loopback.
    ...(row.dev && type === 'unicast' && { link: row.dev }),
    ...(row.prefsrc && { source: row.prefsrc }),
    ...(row.flags?.includes('onlink') && { onLink: true }),
    ...(mtu !== undefined && { mtu }),
    ...(row.scope === 'link' && { scope: 'link' as const }),
    ...(!plainMetric && { metric }),
    ...protocolOf(row.protocol),
  };
}

/** Of routes that nobody gave a number, iproute2's `boot`, nothing is said. */
function protocolOf(name: string | undefined): { protocol?: number } {
  if (name === undefined || name === 'boot') return {};
  const named: Record<string, number> = { redirect: 1, kernel: 2, static: 4, ra: 9 };
  const protocol = named[name] ?? Number(name);
  return Number.isNaN(protocol) ? {} : { protocol };
}

function withPrefix(destination: string, family: IpFamily): string {
  if (destination === 'default' || destination.includes('/')) return destination;
  return `${destination}/${family === 'IPv4' ? 32 : 128}`;
}
