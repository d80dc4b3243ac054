import { fileURLToPath } from 'node:url';
import type { EndpointSlice, Lease, Node, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { BoundedFrequencyRunner } from '../../base/bounded-frequency-runner.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Component } from '../../base/component.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import { addressBits, cidrContains, familyOf, parseAddress, parseCidr } from '../../base/ip-address.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import type { Transport } from '../../client/transport.ts';
import type { Commands } from '../../kernel/command.ts';
import type { NetworkChange } from '../../kernel/ip/change.ts';
import type { IpRoute } from '../../kernel/ip/ip-route.ts';
import { sliceServiceIndex } from '../model/slice-index.ts';
import { announcingNode, balancerAddresses } from './announcement-plan.ts';
import { goneAfter, SpeakerLease, SpeakersHeard } from './speaker-lease.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    /** This node answers for a load-balancer address from now on, or no longer. */
    'balancer.announced': { address: string };
    'balancer.withdrawn': { address: string };
  }
}

export interface BalancerAnnouncerDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  transport: Transport;
  ip: IpRoute;
  commands: Commands;
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
  nodes: Informer<Node>;
  /** Those with the speaker label. */
  leases: Informer<Lease>;
}

export interface BalancerAnnouncerOptions {
  nodeName: string;
  /** Link on the node network: `eth0`. */
  link: string;
  /** Subnets and addresses on `lo` that are not for load balancers. */
  others: readonly string[];
}

/** Where the addresses stand: the kernel answers ARP for them on every link, and keeps no route to them. */
const holder = 'lo';
const script = fileURLToPath(new URL('./announce-address.pl', import.meta.url));

/**
 * Makes the node answer for the load-balancer addresses that fall to it, and tells the others on the link at
 * once when one does. Which node an address falls to follows from who is alive; a node that is silent for
 * over two seconds has lost its addresses. Without news from the API nothing moves.
 */
export class BalancerAnnouncer implements Component {
  readonly name = 'balancer-announcer';
  readonly #deps: BalancerAnnouncerDeps;
  readonly #options: BalancerAnnouncerOptions;
  readonly #lease: SpeakerLease;
  readonly #heard: SpeakersHeard;
  readonly #runner: BoundedFrequencyRunner;
  readonly #leave: Cancel[] = [];
  #held: Set<string> | undefined;
  #recheck: Cancel | undefined;
  #lastNews = 0;

  constructor(deps: BalancerAnnouncerDeps, options: BalancerAnnouncerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#lease = new SpeakerLease(deps, options.nodeName);
    this.#heard = new SpeakersHeard(deps.clock);
    this.#runner = new BoundedFrequencyRunner(
      {
        clock: deps.clock,
        run: () => this.#sync(),
        onError: error =>
          deps.log.error('load-balancer addresses: trying again', { error: errorChain(error) }),
      },
      { minInterval: 20, retryInterval: 1000 },
    );
  }

  async start(signal: AbortSignal): Promise<void> {
    const { services, slices, nodes, leases, clock } = this.#deps;
    await Promise.all([services, slices, nodes, leases].map(informer => informer.whenSynced(signal)));
    const changed = () => this.#runner.request();
    const handler = { added: changed, updated: changed, deleted: changed };
    const heard = (lease: Stored<Lease>) => {
      this.#heard.note(lease);
      this.#lastNews = clock.monotonic();
      changed();
    };
    this.#leave.push(
      services.addHandler(handler),
      slices.addHandler(handler),
      nodes.addHandler(handler),
      leases.addHandler({ added: heard, updated: heard, deleted: lease => this.#heard.forget(lease) }),
    );
    changed();
  }

  async stop(): Promise<void> {
    for (const leave of this.#leave.splice(0)) leave();
    this.#recheck?.();
    this.#lease.stop();
    await this.#runner.stop();
  }

  async #sync(): Promise<void> {
    const { clock, nodes } = this.#deps;
    const addresses = balancerAddresses(this.#deps.services.list());
    this.#held ??= await this.#addressesOnLink();
    if (addresses.length === 0) this.#lease.stop();
    else this.#lease.start();
    this.#recheck?.();
    this.#recheck = undefined;
    if (addresses.length > 0) this.#recheck = clock.after(goneAfter / 4, () => this.#runner.request());
    // Silence of all nodes is silence of the API: who had an address keeps it.
    if (addresses.length > 0 && clock.monotonic() - this.#lastNews > goneAfter) return;
    const speakers = nodes
      .list()
      .map(({ metadata }) => ({ name: metadata.name, alive: this.#heard.isAlive(metadata.name) }));
    const mine = addresses
      .filter(
        address =>
          announcingNode(address, speakers, (service, node) => this.#hasEndpoint(service, node)) ===
          this.#options.nodeName,
      )
      .map(({ address }) => address);
    await this.#apply(new Set(mine));
  }

  #hasEndpoint(service: Stored<Service>, node: string): boolean {
    const { namespace, name } = service.metadata;
    return this.#deps.slices
      .byIndex(sliceServiceIndex, `${namespace}/${name}`)
      .some(slice =>
        slice.endpoints?.some(({ nodeName, conditions }) => nodeName === node && (conditions?.ready ?? true)),
      );
  }

  async #apply(wanted: Set<string>): Promise<void> {
    const held = this.#held!;
    const gained = [...wanted].filter(address => !held.has(address));
    const lost = [...held].filter(address => !wanted.has(address));
    if (gained.length === 0 && lost.length === 0) return;
    const { ip, commands, decisions } = this.#deps;
    const changes: NetworkChange[] = [
      ...lost.map(address => ({ op: 'address.delete' as const, link: holder, address: hostPrefix(address) })),
      ...gained.map(address => ({ op: 'address.add' as const, link: holder, address: hostPrefix(address) })),
    ];
    // Should it fail half-way, what is there is read anew.
    this.#held = undefined;
    await ip.apply(changes);
    this.#held = wanted;
    for (const address of lost) decisions.record('balancer.withdrawn', undefined, { address });
    for (const address of gained) decisions.record('balancer.announced', undefined, { address });
    if (gained.length > 0) await commands.run(['perl', script, this.#options.link, ...gained]);
  }

  /** Those an agent before this one has put there. */
  async #addressesOnLink(): Promise<Set<string>> {
    const links = await this.#deps.ip.links();
    const addresses = links.find(link => link.name === holder)?.addresses ?? [];
    const others = ['127.0.0.0/8', '::1', ...this.#options.others].map(
      subnet => parseCidr(withPrefix(subnet))!,
    );
    const foreign = (address: string) => {
      const value = parseAddress(address)!;
      return others.some(subnet => cidrContains(subnet, value));
    };
    return new Set(addresses.map(text => text.split('/')[0]!).filter(address => !foreign(address)));
  }
}

function withPrefix(subnet: string): string {
  return subnet.includes('/') ? subnet : hostPrefix(subnet);
}

function hostPrefix(address: string): string {
  return `${address}/${addressBits(familyOf(address)!)}`;
}
