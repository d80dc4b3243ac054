import type { Node, NodeCondition } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { type IpFamily, parseCidr } from '../../base/ip-address.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';
import { SubnetPool } from './subnet-pool.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'node.podcidr.given': { podCIDRs: string[] };
    'node.podcidr.released': { podCIDRs: string[] };
  }
}

export interface NodeIpamOptions {
  /** The range of pod addresses, one a family: `10.244.0.0/16`, `fd00:10:244::/56`. */
  clusterCidrs: readonly string[];
  /** Prefix of a node's subnet by family; /24 and /64 as a rule. */
  nodePrefix?: Partial<Record<IpFamily, number>>;
}

const defaultPrefix: Record<IpFamily, number> = { IPv4: 24, IPv6: 64 };

/**
 * Gives every node its pod subnet, one of each family. What nodes have when it starts stays theirs; what a
 * deleted node had is given again.
 */
export class NodeIpamController implements Component {
  readonly name = 'node-ipam-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #nodes: Informer<Node>;
  readonly #client: ResourceClient<Node>;
  readonly #pools: readonly SubnetPool[];
  /** By node, what it has or is about to be given. */
  readonly #held = new Map<string, readonly string[]>();
  readonly #waiting = new Set<string>();

  /** @throws Error for a range that is none, or too small for one node */
  constructor(deps: ControllerDeps, options: NodeIpamOptions) {
    this.#deps = deps;
    this.#pools = options.clusterCidrs.map(text => poolOf(text, options.nodePrefix));
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#client = new ResourceClient(deps.transport, resources.nodes);
    // One worker: who comes first gets the lower subnet.
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#nodes, {
      added: node => this.#seen(node),
      updated: node => this.#seen(node),
      deleted: node => this.#gone(node),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #seen(node: Stored<Node>): void {
    const { name } = node.metadata;
    const has = subnetsOf(node);
    if (has.length === 0) {
      if (!this.#waiting.has(name)) this.#loop.add(name);
      return;
    }
    const held = this.#held.get(name);
    if (held?.join() !== has.join()) this.#hold(name, has);
  }

  #gone(node: Stored<Node>): void {
    const { name } = node.metadata;
    this.#waiting.delete(name);
    const held = this.#held.get(name);
    if (!held) return;
    this.#release(name, held);
    this.#deps.decisions.record('node.podcidr.released', decisionObject(node), { podCIDRs: [...held] });
    for (const waiting of this.#waiting) this.#loop.add(waiting);
  }

  async #reconcile(name: string): Promise<void> {
    const node = this.#nodes.getByKey(name);
    if (!node || subnetsOf(node).length > 0) return;
    const subnets = this.#held.get(name) ?? this.#allocate(name);
    if (!subnets) {
      await this.#exhausted(node);
      return;
    }
    this.#waiting.delete(name);
    const patch = { metadata: { uid: node.metadata.uid }, spec: { podCIDR: subnets[0], podCIDRs: subnets } };
    const written = await orNotFound(this.#client.patch('', name, patch));
    if (!written) return;
    this.#deps.decisions.record('node.podcidr.given', decisionObject(written), { podCIDRs: [...subnets] });
    if (networkCondition(node)?.reason === 'CIDRNotAvailable') {
      await this.#setCondition(
        node,
        'False',
        'CIDRAssigned',
        `The node has the pod subnet ${subnets.join(', ')}`,
      );
    }
  }

  /** One subnet of each family, or nothing at all. */
  #allocate(name: string): readonly string[] | undefined {
    const subnets: string[] = [];
    for (const pool of this.#pools) {
      const subnet = pool.allocate();
      if (!subnet) {
        for (const taken of subnets) this.#freeIn(taken);
        return undefined;
      }
      subnets.push(subnet);
    }
    this.#held.set(name, subnets);
    return subnets;
  }

  #hold(name: string, subnets: readonly string[]): void {
    this.#release(name, this.#held.get(name) ?? []);
    this.#held.set(name, subnets);
    for (const pool of this.#pools) for (const subnet of subnets) pool.occupy(subnet);
  }

  #release(name: string, subnets: readonly string[]): void {
    this.#held.delete(name);
    for (const subnet of subnets) this.#freeIn(subnet);
  }

  #freeIn(subnet: string): void {
    for (const pool of this.#pools) pool.release(subnet);
  }

  async #exhausted(node: Stored<Node>): Promise<void> {
    const { name } = node.metadata;
    this.#waiting.add(name);
    this.#deps.recorder.event(
      node,
      'Normal',
      'CIDRNotAvailable',
      `Node ${name} status is now: CIDRNotAvailable`,
    );
    const ranges = this.#pools.map(({ range, prefix }) => `no /${prefix} left in ${range}`).join(', or ');
    await this.#setCondition(node, 'True', 'CIDRNotAvailable', `The node has no pod subnet: ${ranges}`);
  }

  async #setCondition(node: Stored<Node>, status: string, reason: string, message: string): Promise<void> {
    const now = formatTime(this.#deps.clock.now());
    const condition: NodeCondition = {
      type: 'NetworkUnavailable',
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    const patch = { status: { conditions: [condition] } };
    await orNotFound(this.#client.patch('', node.metadata.name, patch, options));
  }
}

function poolOf(text: string, prefixes: NodeIpamOptions['nodePrefix']): SubnetPool {
  const range = parseCidr(text);
  if (!range) throw new Error(`${text} is no range of pod addresses: write it like 10.244.0.0/16`);
  return new SubnetPool(range, prefixes?.[range.family] ?? defaultPrefix[range.family]);
}

function subnetsOf({ spec }: Node): string[] {
  if (spec?.podCIDRs?.length) return spec.podCIDRs;
  return spec?.podCIDR ? [spec.podCIDR] : [];
}

function networkCondition({ status }: Node): NodeCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
}
