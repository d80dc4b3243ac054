import { createHash } from 'node:crypto';
import { familyOf, parseAddress } from '../../base/ip-address.ts';
import type { NetworkChange, Route } from '../../kernel/ip/change.ts';
import { netnsOf } from '../../kernel/network-namespace.ts';
import { type Attachment, hostCidr } from './address-book.ts';

/** Names of the node's ends of pod links begin so; rules match them by it. */
export const podLinkPrefix = 'pod-';

/** MAC of the node's end of every pod link. One is enough: each link has just two ends. */
export const nodeMac = 'ee:ee:ee:ee:ee:ee';

/** Where pods send everything, over IPv6. IPv4 pods use the first address of their subnet. */
export const gatewayIPv6 = 'fe80::1';

/** Links of removed pods wait in this group to be deleted together. */
export const removedGroup = 0xca5e;

/** Routes of ours carry this protocol number, so that they are told from everyone else's. */
export const routeProtocol = 202;

export interface PodLinkOptions {
  mtu: number;
  /** Of the node, one a family: what the node's own packets to pods come from. */
  nodeAddresses: readonly string[];
  /** The gateway of each IPv4 subnet is told to pods of it. */
  gatewayIPv4: string | undefined;
}

/** `pod-` and eleven digits of the container's hash: 15 characters, the kernel's limit. */
export function podLinkName(attachment: Pick<Attachment, 'containerId' | 'ifname'>): string {
  const { containerId, ifname } = attachment;
  const digest = createHash('sha256').update(`${containerId}/${ifname}`).digest('hex');
  return `${podLinkPrefix}${digest.slice(0, 11)}`;
}

/** `0a:58` and the address's last four bytes: who reads a capture sees the address in it. */
export function podMac(addresses: readonly string[]): string {
  const { value } = parseAddress(addresses[0]!)!;
  const bytes = [24n, 16n, 8n, 0n].map(shift => Number((value >> shift) & 0xffn));
  return ['0a', '58', ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':');
}

/**
 * The changes inside the pod's namespace, the making of the link among them: made from there, it takes one
 * process for all of them, and the node's end appears in the agent's namespace at once.
 */
export function podSide(attachment: Attachment, options: PodLinkOptions, agentPid: number): NetworkChange[] {
  const { ifname, addresses } = attachment;
  const { mtu } = options;
  const peer = { name: podLinkName(attachment), netns: netnsOf(agentPid), mtu, mac: nodeMac };
  const addrGenMode = addresses.some(isIPv6) ? ('eui64' as const) : ('none' as const);
  const changes: NetworkChange[] = [
    { op: 'link.set', name: 'lo', up: true },
    { op: 'link.add', name: ifname, kind: 'veth', mtu, mac: podMac(addresses), peer },
    { op: 'link.set', name: ifname, addrGenMode, up: true },
  ];
  for (const address of addresses) {
    const via = gatewayFor(address, options);
    const family = familyOf(address)!;
    changes.push({ op: 'address.add', link: ifname, address: hostCidr(address), noDad: isIPv6(address) });
    // Known for good: no packet waits for an answer to "who has", and none can be forged.
    changes.push({ op: 'neighbour.replace', neighbour: { address: via, mac: nodeMac, link: ifname } });
    if (family === 'IPv4') {
      const route: Route = { destination: hostCidr(via), family, link: ifname, scope: 'link' };
      changes.push({ op: 'route.replace', route });
    }
    changes.push({ op: 'route.replace', route: { destination: 'default', family, via, link: ifname } });
  }
  return changes;
}

/** The changes on the node, once the link is there. */
export function nodeSide(attachment: Attachment, options: PodLinkOptions): NetworkChange[] {
  const name = podLinkName(attachment);
  const { namespace, name: pod } = attachment.pod;
  const alias = pod === '' ? undefined : `${namespace}/${pod}`;
  const mac = podMac(attachment.addresses);
  return [
    { op: 'link.set', name, alias, addrGenMode: 'none', up: true },
    ...attachment.addresses.flatMap((address): NetworkChange[] => [
      { op: 'neighbour.replace', neighbour: { address, mac, link: name } },
      { op: 'route.replace', route: podRoute(attachment, address, options) },
    ]),
  ];
}

export function podRoute(attachment: Attachment, address: string, options: PodLinkOptions): Route {
  const family = familyOf(address)!;
  const source = options.nodeAddresses.find(candidate => familyOf(candidate) === family);
  return {
    destination: hostCidr(address),
    family,
    link: podLinkName(attachment),
    protocol: routeProtocol,
    ...(family === 'IPv4' && { scope: 'link' as const }),
    ...(source && { source }),
  };
}

/**
 * Takes a pod off the network. Its link is only put aside: deleting one makes the kernel wait 20 ms with every
 * other change of links held up, and it goes by itself with the pod's namespace.
 */
export function nodeSideRemoval(attachment: Attachment): NetworkChange[] {
  const name = podLinkName(attachment);
  return [
    { op: 'link.set', name, group: removedGroup },
    ...attachment.addresses.map((address): NetworkChange => {
      return {
        op: 'route.delete',
        route: { destination: hostCidr(address), family: familyOf(address)!, link: name },
      };
    }),
  ];
}

export function gatewayFor(address: string, options: Pick<PodLinkOptions, 'gatewayIPv4'>): string {
  if (isIPv6(address)) return gatewayIPv6;
  if (!options.gatewayIPv4) throw new Error(`no gateway for ${address}`);
  return options.gatewayIPv4;
}

function isIPv6(address: string): boolean {
  return familyOf(address) === 'IPv6';
}
