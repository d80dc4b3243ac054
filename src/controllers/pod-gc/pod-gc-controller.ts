import type { Node, Pod } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import type { Cancel } from '../../base/clock.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound, orNotFound } from '../api-failures.ts';
import type { ControllerDeps } from '../controller.ts';
import { isFinished } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { type PodGarbage, planPodGc } from './pod-gc-plan.ts';

export interface PodGcOptions {
  /** So many finished pods are kept; 0 for all. */
  terminatedPodThreshold?: number;
  /** Milliseconds between two looks. */
  period?: number;
  /** Milliseconds a node has to be missing before its pods are taken for orphans. */
  quarantine?: number;
}

/** Deletes pods that no node agent will ever report the end of. */
export class PodGcController implements Component {
  readonly name = 'pod-garbage-collector';
  readonly #deps: ControllerDeps;
  readonly #options: Required<PodGcOptions>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #nodeClient: ResourceClient<Node>;
  /** By missing node, since when, on the monotonic clock. */
  readonly #missing = new Map<string, number>();
  #cancel: Cancel | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(deps: ControllerDeps, options: PodGcOptions = {}) {
    this.#deps = deps;
    this.#options = { terminatedPodThreshold: 12_500, period: 20_000, quarantine: 40_000, ...options };
    this.#pods = deps.informers.informer<Pod>(resources.pods);
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#nodeClient = new ResourceClient(deps.transport, resources.nodes);
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#pods.whenSynced(signal), this.#nodes.whenSynced(signal)]);
    this.#cancel = this.#deps.clock.every(this.#options.period, () => {
      this.#run = this.#run
        .then(() => this.#collect())
        .catch(error => {
          this.#deps.log.warn('pods not collected', { error });
        });
    });
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#run;
  }

  async #collect(): Promise<void> {
    const pods = this.#pods.list();
    const nodes = new Map(this.#nodes.list().map(node => [node.metadata.name, node]));
    const vanished = await this.#vanished(pods, nodes);
    for (const garbage of planPodGc(pods, nodes, vanished, this.#options.terminatedPodThreshold)) {
      await this.#delete(garbage);
    }
  }

  /** Nodes that have been missing for long and that the API server does not know either. */
  async #vanished(pods: readonly Pod[], nodes: ReadonlyMap<string, Node>): Promise<Set<string>> {
    const named = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
    const now = this.#deps.clock.monotonic();
    for (const name of this.#missing.keys()) {
      if (nodes.has(name) || !named.has(name)) this.#missing.delete(name);
    }
    const vanished = new Set<string>();
    for (const name of named) {
      if (nodes.has(name)) continue;
      const since = this.#missing.get(name) ?? now;
      this.#missing.set(name, since);
      if (now - since < this.#options.quarantine) continue;
      if (!(await orNotFound(this.#nodeClient.get('', name)))) vanished.add(name);
    }
    return vanished;
  }

  async #delete({ pod, reason }: PodGarbage): Promise<void> {
    const { namespace = '', name, uid } = pod.metadata;
    try {
      if (!isFinished(pod) && reason !== 'terminated') {
        const options = { type: 'strategic-merge', subresource: 'status' } as const;
        await this.#podClient.patch(namespace, name, this.#failedPatch(reason === 'orphaned'), options);
      }
      await this.#podClient.delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) this.#deps.log.warn('pod not deleted', { pod: `${namespace}/${name}`, error });
      return;
    }
    const detail = { by: this.name, why: reason };
    this.#deps.decisions.record('controller.deleted', decisionObject(pod), detail);
  }

  /** Its agent can't say it any more: the pod has failed. */
  #failedPatch(orphaned: boolean): object {
    const lastTransitionTime = formatTime(this.#deps.clock.now());
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime,
    };
    return { status: { phase: 'Failed', ...(orphaned && { conditions: [condition] }) } };
  }
}
