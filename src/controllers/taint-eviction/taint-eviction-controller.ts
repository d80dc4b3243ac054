import { isDeepStrictEqual } from 'node:util';
import type { Node, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { isFinished } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { evictionTime } from './eviction-plan.ts';

const podsByNode = 'taint-eviction/node';

/** Deletes pods from nodes with NoExecute taints they don't tolerate, or no longer. */
export class TaintEvictionController implements Component {
  readonly name = 'taint-eviction-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #client: ResourceClient<Pod>;
  /** Pods that wait for their eviction: by key, since when, as taints set by hand don't say so. */
  readonly #pending = new Map<string, number>();

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods.addIndex(podsByNode, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    this.#client = new ResourceClient(deps.transport, resources.pods);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 8,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#nodes, {
      added: node => this.#nodeChanged(node),
      updated: (node, before) => {
        if (!isDeepStrictEqual(node.spec?.taints, before.spec?.taints)) this.#nodeChanged(node);
      },
    });
    this.#loop.follow(this.#pods, {
      added: pod => this.#podChanged(pod),
      updated: (pod, before) => {
        const moved = pod.spec?.nodeName !== before.spec?.nodeName;
        if (moved || !isDeepStrictEqual(pod.spec?.tolerations, before.spec?.tolerations)) {
          this.#podChanged(pod);
        }
      },
      deleted: pod => this.#pending.delete(keyOf(pod)),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #nodeChanged(node: Stored<Node>): void {
    for (const pod of this.#pods.byIndex(podsByNode, node.metadata.name)) this.#loop.add(keyOf(pod));
  }

  #podChanged(pod: Stored<Pod>): void {
    if (pod.spec?.nodeName) this.#loop.add(keyOf(pod));
  }

  async #reconcile(key: string): Promise<void> {
    const pod = this.#pods.getByKey(key);
    const node = pod && this.#nodes.getByKey(pod.spec?.nodeName ?? '');
    if (!pod || !node || pod.metadata.deletionTimestamp || isFinished(pod)) {
      this.#pending.delete(key);
      return;
    }
    const now = this.#deps.clock.now();
    const since = this.#pending.get(key) ?? now;
    const due = evictionTime(pod.spec?.tolerations ?? [], node.spec?.taints ?? [], since);
    if (due === undefined) this.#cancel(pod);
    else if (due > now) {
      this.#pending.set(key, since);
      this.#loop.addAfter(key, due - now);
    } else await this.#evict(pod);
  }

  #cancel(pod: Stored<Pod>): void {
    if (!this.#pending.delete(keyOf(pod))) return;
    const message = `Cancelling deletion of Pod ${keyOf(pod)}`;
    this.#deps.recorder.event(pod, 'Normal', 'TaintManagerEviction', message);
  }

  async #evict(pod: Stored<Pod>): Promise<void> {
    const { namespace = '', name, uid } = pod.metadata;
    this.#pending.delete(keyOf(pod));
    const message = `Marking for deletion Pod ${keyOf(pod)}`;
    this.#deps.recorder.event(pod, 'Normal', 'TaintManagerEviction', message);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: formatTime(this.#deps.clock.now()),
    };
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    try {
      await this.#client.patch(namespace, name, { status: { conditions: [condition] } }, options);
      await this.#client.delete(namespace, name, { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return;
    }
    const why = `node ${pod.spec?.nodeName} has a taint it does not tolerate`;
    this.#deps.decisions.record('controller.deleted', decisionObject(pod), { by: this.name, why });
  }
}

function keyOf({ metadata }: Stored<Pod>): string {
  return `${metadata.namespace}/${metadata.name}`;
}
