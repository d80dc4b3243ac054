import { join } from 'node:path';
import type { Node } from '../../api/generated/types.ts';
import { BoundedFrequencyRunner } from '../../base/bounded-frequency-runner.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Component } from '../../base/component.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import type { Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import type { Commands } from '../../kernel/command.ts';
import type { Conntrack } from '../../kernel/conntrack.ts';
import type { IpRoute } from '../../kernel/ip/ip-route.ts';
import type { NetworkNamespaces } from '../../kernel/network-namespace.ts';
import { ForeignChanges } from '../../kernel/nft/foreign-changes.ts';
import type { Nft } from '../../kernel/nft/nft.ts';
import type { Sysctl } from '../../kernel/sysctl.ts';
import { AddressLog } from './address-log.ts';
import { Attachments } from './attachments.ts';
import { CniServer } from './cni-server.ts';
import { installConflist, installPlugin } from './conflist.ts';
import { KeyedLock } from './keyed-lock.ts';
import { peerOf, podCidrsOf, type RouteMode } from './node-routes.ts';
import { podnetTable } from './podnet-rules.ts';
import { PodnetState } from './podnet-state.ts';
import { PodnetTable } from './podnet-table.ts';

export interface PodNetworkDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  /** All Nodes. */
  nodes: Informer<Node>;
  ip: IpRoute;
  /** An `IpRoute` whose commands another process runs: the CNI plugin. */
  ipThrough: (commands: Commands) => IpRoute;
  nft: Nft;
  namespaces: NetworkNamespaces;
  sysctl: Sysctl;
  conntrack: Conntrack;
}

export interface PodNetworkOptions {
  nodeName: string;
  /** Of the node on the node network, one a family. */
  nodeAddresses: string[];
  /** Pods and nodes of the whole cluster: what pods reach with their own address. */
  podSubnets: string[];
  nodeSubnets: string[];
  /** Keeps the address log. */
  stateDir: string;
  /** Of the CNI plugin's requests; a path of at most 107 bytes. */
  socketPath: string;
  /** Where the container runtime looks for configuration and plugins. */
  cniConfDir: string;
  cniBinDir: string;
  routeMode?: RouteMode;
  /** Of pod links; that of the node's own link where none is given. */
  mtu?: number;
}

/** Milliseconds after which the kernel's state is compared with what it should be, also when nothing happened. */
const resyncInterval = 60_000;
const retryInterval = 1_000;
const sweepDelay = 2_000;

/**
 * The pod network of one node: answers the CNI plugin, gives addresses, keeps links, routes, tunnels and rules
 * as they should be. Everything it made stays when it stops: pods keep running.
 */
export class PodNetwork implements Component {
  readonly name = 'podnet';
  readonly #deps: PodNetworkDeps;
  readonly #options: PodNetworkOptions;
  readonly #addresses: AddressLog;
  readonly #attachments: Attachments;
  readonly #state: PodnetState;
  readonly #server: CniServer;
  readonly #runner: BoundedFrequencyRunner;
  readonly #foreign: ForeignChanges;
  readonly #lock = new KeyedLock();
  #unsubscribe: (() => void) | undefined;
  #cancelSweep: Cancel | undefined;

  constructor(deps: PodNetworkDeps, options: PodNetworkOptions) {
    const log = deps.log.child('podnet');
    this.#deps = { ...deps, log };
    this.#options = options;
    this.#addresses = new AddressLog({}, { path: join(options.stateDir, 'addresses.log') });
    const addresses = this.#addresses;
    const { nft, clock } = deps;
    this.#foreign = new ForeignChanges(
      { clock, log, nft, onChange: () => this.#runner.request() },
      { tables: [`inet ${podnetTable}`] },
    );
    const table = new PodnetTable({
      nft,
      whileOwn: apply => this.#foreign.whileOwn({ family: 'inet', name: podnetTable }, apply),
      input: () => ({
        podCidrs: addresses.book.cidrs,
        insideCidrs: [...options.podSubnets, ...options.nodeSubnets],
        attachments: addresses.book.all(),
      }),
    });
    this.#attachments = new Attachments(
      { ...this.#deps, addresses, table },
      { ...options, agentPid: process.pid, onRemoved: () => this.#sweepSoon() },
    );
    this.#state = new PodnetState(
      { ...this.#deps, attachments: this.#attachments, book: addresses.book, table },
      { ...options, routeMode: options.routeMode ?? 'auto' },
    );
    const handle = this.#attachments.handle.bind(this.#attachments);
    this.#server = new CniServer({ log, handle }, { path: options.socketPath });
    this.#runner = new BoundedFrequencyRunner(
      {
        clock: deps.clock,
        run: () => this.reconcile(),
        onError: error => log.error('pod network not as it should be', { error }),
      },
      { minInterval: 20, maxInterval: resyncInterval, retryInterval },
    );
  }

  async start(_signal: AbortSignal): Promise<void> {
    const { log } = this.#deps;
    await this.#addresses.start();
    await installPlugin(this.#options.cniBinDir);
    await this.#attachments.freeDead();
    await this.#state.reconcile(undefined).catch(error => log.warn('will retry', { error }));
    await this.#server.start();
    this.#foreign.start();
    const request = () => this.#runner.request();
    this.#unsubscribe = this.#deps.nodes.addHandler({
      added: request,
      updated: (node, previous) => {
        // Heartbeats change a Node every few seconds and nothing here.
        if (networkOf(node) !== networkOf(previous)) request();
      },
      deleted: request,
    });
    request();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#cancelSweep?.();
    this.#foreign.stop();
    await this.#server.stop();
    await this.#runner.stop();
    await this.#addresses.stop();
    await this.#deps.ip.close();
  }

  /** Compares everything with what it should be and mends what is not. Safe at any time. */
  reconcile(): Promise<void> {
    return this.#lock.run('', () => this.#reconcile());
  }

  async #reconcile(): Promise<void> {
    const { nodes } = this.#deps;
    const own = nodes.get('', this.#options.nodeName);
    const cidrs = own ? podCidrsOf(own) : [];
    if (cidrs.length > 0) await this.#addresses.setCidrs(cidrs);
    const peers = nodes.synced ? nodes.list().flatMap(node => peerOf(node) ?? []) : undefined;
    await this.#attachments.freeDead();
    await this.#state.reconcile(peers);
    if (this.#addresses.book.cidrs.length > 0) {
      await installConflist(this.#options.cniConfDir, this.#options.socketPath);
    }
  }

  /** Links mostly go with their namespaces; what is left after a while is deleted together. */
  #sweepSoon(): void {
    this.#cancelSweep ??= this.#deps.clock.after(sweepDelay, () => {
      this.#cancelSweep = undefined;
      this.#state.sweepRemoved().catch(error => this.#deps.log.warn('removed links stay', { error }));
    });
  }
}

function networkOf(node: Node): string {
  return JSON.stringify([podCidrsOf(node), node.status?.addresses]);
}
