import type { DecisionLog } from '../../base/decisions.ts';
import { type IpFamily, parseCidr } from '../../base/ip-address.ts';
import type { Logger } from '../../base/log.ts';
import { type NetworkChange, type Route, renderChange } from '../../kernel/ip/change.ts';
import { type IpRoute, IpRouteError, type Link } from '../../kernel/ip/ip-route.ts';
import type { Sysctl } from '../../kernel/sysctl.ts';
import { type AddressBook, type Attachment, gatewayOf, hostCidr } from './address-book.ts';
import type { Attachments } from './attachments.ts';
import {
  diffRoutes,
  type PeerNode,
  planRoutes,
  type RouteMode,
  type VxlanPlan,
  vxlanLink,
  vxlanOverhead,
} from './node-routes.ts';
import { podLinkName, podLinkPrefix, podMac, podRoute, removedGroup, routeProtocol } from './pod-link.ts';
import type { PodnetTable } from './podnet-table.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'route.changed': { change: string };
    'podnet.rules-written': { podCidrs: string[] };
  }
}

export interface PodnetStateOptions {
  nodeName: string;
  nodeAddresses: string[];
  routeMode: RouteMode;
  mtu?: number;
}

const vxlanId = 1;
/** The number IANA gave; Linux's own default is older. */
const vxlanPort = 4789;

export interface PodnetStateDeps {
  log: Logger;
  decisions: DecisionLog;
  ip: IpRoute;
  sysctl: Sysctl;
  attachments: Attachments;
  book: AddressBook;
  table: PodnetTable;
}

/**
 * Links, routes, tunnels and rules of the node as they should be: read what is there, plan, apply the
 * difference. Pods that come and go change their share themselves, see `Attachments`.
 */
export class PodnetState {
  readonly #deps: PodnetStateDeps;
  readonly #options: PodnetStateOptions;

  constructor(deps: PodnetStateDeps, options: PodnetStateOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** @param peers the nodes of the cluster; undefined while they are not known: their routes are left alone. */
  async reconcile(peers: readonly PeerNode[] | undefined): Promise<void> {
    const { ip, attachments } = this.#deps;
    // Links are listed before the book is read: a link that is listed has its entry, or is to go.
    const links = await ip.links();
    const own = links.find(link => this.#holdsNodeAddress(link));
    if (!own) throw new Error(`no link has the node's address ${this.#options.nodeAddresses.join(', ')}`);
    attachments.mtu = this.#podMtu(own);
    await this.#sendNoRedirects(own);
    const plan = peers && planRoutes(this.#localNode(own), peers, this.#options.routeMode);
    await this.#apply(this.#gatewayChanges(links));
    if (plan?.vxlan) await this.#apply(vxlanLinkChanges(plan.vxlan, links));
    const attached = await this.#reconcilePodLinks(links);
    await this.#reconcileRoutes(attached, plan?.routes);
    await this.#reconcileNeighbours(attached, plan?.vxlan);
    if (plan?.vxlan) await this.#reconcileForwarding(plan.vxlan);
    else if (plan && links.some(link => link.name === vxlanLink)) {
      await this.#apply([{ op: 'link.delete', name: vxlanLink }]);
    }
    await this.#reconcileRules();
  }

  /** Deletes the links of removed pods that have not gone with their namespaces. */
  async sweepRemoved(): Promise<void> {
    try {
      await this.#deps.ip.apply([{ op: 'link.delete-group', group: removedGroup }]);
    } catch (error) {
      // No link is left in the group.
      if (!(error instanceof IpRouteError && error.code === 'not-found')) throw error;
    }
  }

  /** A link may go with its namespace at any moment. */
  async #putAside(links: readonly Link[]): Promise<void> {
    for (const { name } of links) {
      await this.#apply([{ op: 'link.set', name, group: removedGroup }]).catch(error => {
        if (!(error instanceof IpRouteError && error.code === 'not-found')) throw error;
      });
    }
  }

  /**
   * A node that turns a packet back to the link it came by (a pod through its own Service, a NodePort whose pod is on
   * another node of the link) would tell the sender of a better way, which there is none, and would use up by it what
   * the kernel lets it say of refused packets to that sender.
   */
  async #sendNoRedirects(own: Link): Promise<void> {
    // `default` is what links made later begin with.
    for (const link of ['all', 'default', own.name]) {
      await this.#deps.sysctl.set(`net/ipv4/conf/${link}/send_redirects`, '0');
    }
  }

  #holdsNodeAddress(link: Link): boolean {
    const [primary] = this.#options.nodeAddresses;
    return link.addresses.some(address => address.split('/')[0] === primary);
  }

  #localNode(link: Link) {
    return { name: this.#options.nodeName, addresses: this.#options.nodeAddresses, link };
  }

  /** With `auto` the tunnel's own, smaller MTU tells senders, who learn it for that path. */
  #podMtu(own: Link): number {
    const { mtu, routeMode, nodeAddresses } = this.#options;
    if (mtu !== undefined) return mtu;
    if (routeMode !== 'vxlan') return own.mtu;
    return own.mtu - vxlanOverhead(nodeAddresses[0]!.includes(':') ? 'IPv6' : 'IPv4');
  }

  /** The pods' gateway answers: it is an address of the node's loopback link. */
  #gatewayChanges(links: readonly Link[]): NetworkChange[] {
    const loopback = links.find(link => link.name === 'lo');
    return this.#deps.book.cidrs.flatMap((text): NetworkChange[] => {
      const cidr = parseCidr(text)!;
      const address = hostCidr(gatewayOf(cidr));
      if (cidr.family === 'IPv6' || loopback?.addresses.includes(address)) return [];
      return [{ op: 'address.add', link: 'lo', address }];
    });
  }

  /** Deletes pod links nobody is attached by; returns the attachments whose link is there. */
  async #reconcilePodLinks(links: readonly Link[]): Promise<Attachment[]> {
    const byLink = new Map(this.#deps.book.all().map(entry => [podLinkName(entry), entry]));
    const podLinks = links.filter(link => link.name.startsWith(podLinkPrefix) && link.kind === 'veth');
    const stray = podLinks.filter(link => !byLink.has(link.name));
    if (stray.length > 0) {
      await this.#putAside(stray);
      await this.sweepRemoved();
    }
    return podLinks.flatMap(link => byLink.get(link.name) ?? []);
  }

  async #reconcileRoutes(attached: readonly Attachment[], toNodes: Route[] | undefined): Promise<void> {
    const options = this.#deps.attachments.linkOptions;
    const { cidrs } = this.#deps.book;
    for (const family of ['IPv4', 'IPv6'] as const) {
      const present = (await this.#deps.ip.routes(family)).filter(route => route.protocol === routeProtocol);
      const ofPods = attached.flatMap(entry =>
        entry.addresses.map(address => podRoute(entry, address, options)),
      );
      const wanted = [
        ...ofPods,
        // An address no pod has is refused at once, not sent to the outside.
        ...cidrs.map(refusal),
        // While the nodes are not known their routes stay.
        ...(toNodes ?? present.filter(route => route.via !== undefined)),
      ].filter(route => route.family === family);
      // A pod that came or went since the links were listed sees to its own route.
      const changing = (change: NetworkChange) =>
        change.op === 'route.delete' && (change.route.link?.startsWith(podLinkPrefix) ?? false);
      await this.#apply(diffRoutes(wanted, present).filter(change => !changing(change)));
    }
  }

  async #reconcileNeighbours(attached: readonly Attachment[], vxlan: VxlanPlan | undefined): Promise<void> {
    const wanted = [
      ...attached.flatMap(entry =>
        entry.addresses.map(address => {
          return { address, mac: podMac(entry.addresses), link: podLinkName(entry) };
        }),
      ),
      ...(vxlan?.neighbours ?? []),
    ];
    const families: IpFamily[] = ['IPv4', 'IPv6'];
    const present = (await Promise.all(families.map(family => this.#deps.ip.neighbours(family)))).flat();
    const words = (entry: { address: string; mac: string; link: string }) =>
      `${entry.address} ${entry.mac} ${entry.link}`;
    const has = new Set(present.map(words));
    const wants = new Set(wanted.map(words));
    await this.#apply([
      ...present
        .filter(entry => entry.link === vxlanLink && !wants.has(words(entry)))
        .map(neighbour => ({ op: 'neighbour.delete', neighbour }) as const),
      ...wanted
        .filter(entry => !has.has(words(entry)))
        .map(neighbour => ({ op: 'neighbour.replace', neighbour }) as const),
    ]);
  }

  async #reconcileForwarding({ forwarding }: VxlanPlan): Promise<void> {
    const present = await this.#deps.ip.forwarding(vxlanLink);
    const words = (entry: { mac: string; remote: string }) => `${entry.mac} ${entry.remote}`;
    const has = new Set(present.map(words));
    const wants = new Set(forwarding.map(words));
    await this.#apply([
      ...present
        .filter(entry => !wants.has(words(entry)))
        .map(entry => ({ op: 'fdb.delete', link: vxlanLink, ...entry }) as const),
      ...forwarding
        .filter(entry => !has.has(words(entry)))
        .map(entry => ({ op: 'fdb.replace', link: vxlanLink, ...entry }) as const),
    ]);
  }

  async #reconcileRules(): Promise<void> {
    const { book, table, decisions } = this.#deps;
    const written = await table.ensure();
    if (written) decisions.record('podnet.rules-written', undefined, { podCidrs: book.cidrs });
  }

  async #apply(changes: readonly NetworkChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#deps.ip.apply(changes);
    for (const change of changes) {
      this.#deps.decisions.record('route.changed', undefined, { change: renderChange(change) });
    }
  }
}

function refusal(destination: string): Route {
  const family = parseCidr(destination)!.family;
  return { destination, family, type: 'unreachable', protocol: routeProtocol };
}

function vxlanLinkChanges(plan: VxlanPlan, links: readonly Link[]): NetworkChange[] {
  const present = links.find(link => link.name === vxlanLink);
  const { mac, mtu, local } = plan;
  if (present?.up && present.mac === mac && present.mtu === mtu) return [];
  const vxlan = { id: vxlanId, port: vxlanPort, local };
  return [
    ...(present ? [{ op: 'link.delete', name: vxlanLink } as const] : []),
    { op: 'link.add', name: vxlanLink, kind: 'vxlan', mtu, mac, vxlan },
    { op: 'link.set', name: vxlanLink, addrGenMode: 'none', up: true },
  ];
}
