import type { Node } from '../../api/generated/types.ts';
import { BoundedFrequencyRunner } from '../../base/bounded-frequency-runner.ts';
import type { Clock } from '../../base/clock.ts';
import type { Component } from '../../base/component.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import { cidrContains, familyOf, parseAddress, parseCidr } from '../../base/ip-address.ts';
import type { Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import { type NetworkChange, type Route, renderChange } from '../../kernel/ip/change.ts';
import { type IpRoute, IpRouteError } from '../../kernel/ip/ip-route.ts';
import type { Nft } from '../../kernel/nft/nft.ts';
import { KeyedLock } from './keyed-lock.ts';
import { diffRoutes, type PeerNode, peerOf } from './node-routes.ts';
import { routeProtocol } from './pod-link.ts';

export interface HostRoutesDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  /** All Nodes. */
  nodes: Informer<Node>;
  ip: IpRoute;
  nft: Nft;
}

export interface HostRoutesOptions {
  /** Of the node network. */
  bridge: string;
  nodeSubnets: string[];
  podSubnets: string[];
  /** nftables table (family inet) for what leaves the machine; undefined when the cluster is isolated. */
  outboundTable: string | undefined;
}

const resyncInterval = 60_000;

/**
 * The host side's share of the pod network: routes to each node's pods by the node's address, and, where the
 * cluster is not isolated, the nodes' way out. What it made stays when the server stops; `remove` takes it away.
 */
export class HostRoutes implements Component {
  readonly name = 'host-routes';
  readonly #deps: HostRoutesDeps;
  readonly #options: HostRoutesOptions;
  readonly #runner: BoundedFrequencyRunner;
  readonly #lock = new KeyedLock();
  #unsubscribe: (() => void) | undefined;

  constructor(deps: HostRoutesDeps, options: HostRoutesOptions) {
    const log = deps.log.child('host-routes');
    this.#deps = { ...deps, log };
    this.#options = options;
    this.#runner = new BoundedFrequencyRunner(
      {
        clock: deps.clock,
        run: () => this.reconcile(),
        onError: error => log.error('routes to pods not as they should be', { error }),
      },
      { minInterval: 20, maxInterval: resyncInterval, retryInterval: 1_000 },
    );
  }

  async start(_signal: AbortSignal): Promise<void> {
    const request = () => this.#runner.request();
    this.#unsubscribe = this.#deps.nodes.addHandler({
      added: request,
      updated: (node, previous) => {
        if (JSON.stringify(peerOf(node)) !== JSON.stringify(peerOf(previous))) request();
      },
      deleted: request,
    });
    request();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await this.#runner.stop();
    await this.#deps.ip.close();
  }

  /** Compares routes and rules with what they should be and mends what is not. */
  reconcile(): Promise<void> {
    return this.#lock.run('', async () => {
      await this.#writeTable();
      if (!this.#deps.nodes.synced) return;
      await this.#reconcileRoutes(this.#deps.nodes.list().flatMap(node => peerOf(node) ?? []));
    });
  }

  /** Takes routes and rules away. */
  remove(): Promise<void> {
    return this.#lock.run('', async () => {
      await this.#reconcileRoutes([]);
      const { outboundTable: table } = this.#options;
      // Added first, so that deleting does not fail where there is none.
      if (table) await this.#deps.nft.apply(`add table inet ${table}\ndelete table inet ${table}\n`);
    });
  }

  async #reconcileRoutes(peers: readonly PeerNode[]): Promise<void> {
    const { bridge, nodeSubnets } = this.#options;
    const wanted = planHostRoutes(peers, bridge, nodeSubnets);
    for (const family of ['IPv4', 'IPv6'] as const) {
      const present = (await this.#deps.ip.routes(family)).filter(
        route => route.protocol === routeProtocol && route.link === bridge,
      );
      const changes = diffRoutes(
        wanted.filter(route => route.family === family),
        present,
      );
      for (const change of changes) await this.#apply(change);
    }
  }

  async #apply(change: NetworkChange): Promise<void> {
    try {
      await this.#deps.ip.apply([change]);
    } catch (error) {
      const gone = error instanceof IpRouteError && error.code === 'not-found';
      if (!(gone && change.op === 'route.delete')) throw error;
    }
    this.#deps.decisions.record('route.changed', undefined, { change: renderChange(change) });
  }

  async #writeTable(): Promise<void> {
    const { outboundTable, nodeSubnets, podSubnets, bridge } = this.#options;
    if (!outboundTable || (await this.#deps.nft.listTable('inet', outboundTable))) return;
    await this.#deps.nft.apply(
      renderOutbound({ table: outboundTable, bridge, inside: [...nodeSubnets, ...podSubnets] }),
    );
  }
}

/** One route a pod subnet, by the node's address of the same family on the node network. */
export function planHostRoutes(
  peers: readonly PeerNode[],
  bridge: string,
  nodeSubnets: readonly string[],
): Route[] {
  const subnets = nodeSubnets.map(text => parseCidr(text)!);
  return peers.flatMap(({ addresses, podCidrs }) =>
    podCidrs.flatMap((destination): Route[] => {
      const family = familyOf(destination)!;
      const via = addresses.find(address => {
        const parsed = parseAddress(address)!;
        return parsed.family === family && subnets.some(subnet => cidrContains(subnet, parsed));
      });
      return via ? [{ destination, family, via, link: bridge, protocol: routeProtocol }] : [];
    }),
  );
}

/** Nodes reach the outside with the machine's address. Pods come as their node's address already. */
export function renderOutbound(input: { table: string; bridge: string; inside: readonly string[] }): string {
  const { table, bridge, inside } = input;
  const rules = (['IPv4', 'IPv6'] as const).flatMap(family => {
    const cidrs = inside.filter(cidr => familyOf(cidr) === family);
    if (cidrs.length === 0) return [];
    const [ip, set] = [family === 'IPv4' ? 'ip' : 'ip6', `{ ${cidrs.join(', ')} }`];
    return [`    ${ip} saddr ${set} ${ip} daddr != ${set} masquerade`];
  });
  return [
    `add table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    '  chain outbound {',
    '    type nat hook postrouting priority srcnat; policy accept;',
    `    oifname "${bridge}" accept`,
    ...rules,
    '  }',
    '}',
    '',
  ].join('\n');
}
