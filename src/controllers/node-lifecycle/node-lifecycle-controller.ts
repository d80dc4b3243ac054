import type { Lease, Node, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime, timeOf } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { isReady } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { isNodeReady, readyCondition, silentConditions } from './node-health.ts';
import { disruptionOf, planTaints } from './node-taints.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'node.silent': { /** Milliseconds. */ since: number };
    'node.tainted': { taints: string[] };
  }
}

export interface NodeLifecycleOptions {
  /** A node not heard of for so many milliseconds is no longer taken for ready. */
  monitorGracePeriod?: number;
  /** The same for a node that has never been heard of. */
  startupGracePeriod?: number;
}

const leaseNamespace = 'kube-node-lease';
const podsByNode = 'node-lifecycle/node';

/**
 * Watches over the nodes: one whose Lease is not renewed becomes Unknown, taints follow the conditions, and
 * pods on nodes that are not ready are no longer ready either. When a heartbeat came is told by our own
 * clock, so that a node's clock that is off does no harm.
 */
export class NodeLifecycleController implements Component {
  readonly name = 'node-lifecycle-controller';
  readonly #deps: ControllerDeps;
  readonly #grace: { monitor: number; startup: number };
  readonly #loop: ControllerLoop;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #nodeClient: ResourceClient<Node>;
  readonly #podClient: ResourceClient<Pod>;
  /** By node, when it was last heard of, on the monotonic clock. */
  readonly #heard = new Map<string, number>();
  readonly #registered = new Set<string>();
  /** Nodes whose pods have been marked since the node was last ready. */
  readonly #marked = new Set<string>();

  constructor(deps: ControllerDeps, options: NodeLifecycleOptions = {}) {
    const { monitorGracePeriod = 40_000, startupGracePeriod = 60_000 } = options;
    this.#deps = deps;
    this.#grace = { monitor: monitorGracePeriod, startup: startupGracePeriod };
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods.addIndex(podsByNode, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    this.#nodeClient = new ResourceClient(deps.transport, resources.nodes);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    // All namespaces, as the garbage collector has it: one watch serves both.
    this.#loop.follow(deps.informers.informer<Lease>(resources.leases), {
      added: lease => this.#leaseSeen(lease),
      updated: (lease, before) => {
        if (lease.spec?.renewTime !== before.spec?.renewTime) this.#leaseSeen(lease);
      },
    });
    this.#loop.follow(this.#pods);
    this.#loop.follow(this.#nodes, {
      added: node => {
        this.#hear(node.metadata.name);
        this.#changed(node);
      },
      updated: (node, before) => {
        if (heartbeat(node) !== heartbeat(before)) this.#hear(node.metadata.name);
        this.#changed(node, before);
      },
      deleted: node => this.#gone(node),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #leaseSeen({ metadata }: Stored<Lease>): void {
    if (metadata.namespace === leaseNamespace) this.#hear(metadata.name);
  }

  #hear(node: string): void {
    this.#heard.set(node, this.#deps.clock.monotonic());
  }

  #changed(node: Stored<Node>, before?: Stored<Node>): void {
    this.#loop.add(node.metadata.name);
    // How many nodes are ready decides what happens on all that are not.
    if (!before || isNodeReady(before) !== isNodeReady(node)) this.#wakeAll();
  }

  #gone(node: Stored<Node>): void {
    const { name } = node.metadata;
    this.#heard.delete(name);
    this.#marked.delete(name);
    if (this.#registered.delete(name)) {
      const message = `Node ${name} event: Removing Node ${name} from Controller`;
      this.#deps.recorder.event(node, 'Normal', 'RemovingNode', message);
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const { metadata } of this.#nodes.list()) this.#loop.add(metadata.name);
  }

  async #reconcile(name: string): Promise<void> {
    const node = this.#nodes.getByKey(name);
    if (!node) return;
    this.#register(node);
    await this.#checkHeartbeat(node);
    await this.#taint(node);
    await this.#markPods(node);
  }

  #register(node: Stored<Node>): void {
    const { name } = node.metadata;
    if (this.#registered.has(name)) return;
    this.#registered.add(name);
    const message = `Node ${name} event: Registered Node ${name} in Controller`;
    this.#deps.recorder.event(node, 'Normal', 'RegisteredNode', message);
  }

  async #checkHeartbeat(node: Stored<Node>): Promise<void> {
    const { name } = node.metadata;
    const { clock, decisions, recorder } = this.#deps;
    const grace = readyCondition(node) ? this.#grace.monitor : this.#grace.startup;
    const silent = clock.monotonic() - (this.#heard.get(name) ?? clock.monotonic());
    if (silent < grace) {
      this.#loop.addAfter(name, grace - silent);
      return;
    }
    const conditions = silentConditions(node, clock.now());
    if (conditions.length === 0) return;
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    await orNotFound(this.#nodeClient.patch('', name, { status: { conditions } }, options));
    decisions.record('node.silent', decisionObject(node), { since: silent });
    if (isNodeReady(node)) {
      recorder.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    }
  }

  async #taint(node: Stored<Node>): Promise<void> {
    const all = this.#nodes.list();
    const notReady = all.filter(other => !isNodeReady(other)).length;
    const disruption = disruptionOf({ total: all.length, notReady });
    const taints = planTaints(node, disruption, this.#deps.clock.now());
    if (!taints) return;
    const { name, resourceVersion } = node.metadata;
    const patch = { metadata: { resourceVersion }, spec: { taints } };
    await orNotFound(this.#nodeClient.patch('', name, patch));
    const texts = taints.map(({ key, effect }) => `${key}:${effect}`);
    this.#deps.decisions.record('node.tainted', decisionObject(node), { taints: texts });
  }

  async #markPods(node: Stored<Node>): Promise<void> {
    const { name } = node.metadata;
    const ready = readyCondition(node);
    if (!ready || ready.status === 'True') {
      this.#marked.delete(name);
      return;
    }
    if (this.#marked.has(name)) return;
    for (const pod of this.#pods.byIndex(podsByNode, name)) if (isReady(pod)) await this.#markPod(pod);
    this.#marked.add(name);
  }

  async #markPod(pod: Stored<Pod>): Promise<void> {
    const { namespace = '', name, uid } = pod.metadata;
    const lastTransitionTime = formatTime(this.#deps.clock.now());
    const status = { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] };
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    try {
      await this.#podClient.patch(namespace, name, { metadata: { uid }, status }, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return;
    }
    const why = 'its node is not ready';
    this.#deps.decisions.record('controller.updated', decisionObject(pod), { by: this.name, why });
    this.#deps.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
  }
}

function heartbeat(node: Node): number {
  return timeOf(readyCondition(node)?.lastHeartbeatTime);
}
