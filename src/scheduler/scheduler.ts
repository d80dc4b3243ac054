import { isDeepStrictEqual } from 'node:util';
import type { Node, Pod } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import { type DecisionLog, decisionObject } from '../base/decisions.ts';
import { errorChain, type Logger } from '../base/log.ts';
import { ResourceClient } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Transport } from '../client/transport.ts';
import { ClusterInformers, type InformerSource } from './cluster-informers.ts';
import { ClusterState } from './cluster-state.ts';
import { findNode } from './find-node.ts';
import { type Diagnosis, fitMessage } from './fit-error.ts';
import type { ClusterEvent, SchedulingPlugin } from './framework.ts';
import { nodeEvents } from './node-events.ts';
import type { NodeInfo } from './node-info.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import { disruptionPatch, type PodScheduledReason, unscheduledPatch } from './pod-conditions.ts';
import { type PodInfo, podInfo } from './pod-info.ts';
import { findPreemption, type Preemption } from './preemption.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import type { Snapshot } from './snapshot.ts';
import { VolumeBinder } from './volume-binder.ts';

declare module '../base/decisions.ts' {
  interface DecisionTypes {
    'pod.bound': { node: string; score: number; candidates: number };
    'pod.unschedulable': { message: string };
    'pod.preempted': { node: string; by: string };
  }
}

export interface SchedulerDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  transport: Transport;
  informers: InformerSource;
  recorder: EventRecorder;
}

export interface SchedulerOptions {
  /** Pods whose `spec.schedulerName` is this are placed. */
  schedulerName?: string;
  plugins?: readonly SchedulingPlugin[];
  /** Picks among nodes of equal score; 0 ≤ r < 1. */
  random?: () => number;
}

/** So many pods are placed before other work of the process gets its turn. */
const podsPerTurn = 32;

/**
 * Gives every pod a node. Placing is synchronous on the live state; the binding is written while the next pod
 * is being placed.
 */
export class Scheduler implements Component {
  readonly name = 'scheduler';
  readonly #deps: SchedulerDeps;
  readonly #schedulerName: string;
  readonly #plugins: readonly SchedulingPlugin[];
  readonly #random: () => number;
  readonly #cluster: ClusterInformers;
  readonly #pods: ResourceClient<Pod>;
  readonly #state = new ClusterState();
  readonly #queue: SchedulingQueue;
  readonly #snapshot: Snapshot;
  readonly #volumeBinder: VolumeBinder;
  /** Pods that victims make room for, by node. */
  readonly #nominations = new Map<string, PodInfo[]>();
  readonly #writes = new Set<Promise<void>>();
  readonly #unsubscribe: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;
  #running = false;

  constructor(deps: SchedulerDeps, options: SchedulerOptions = {}) {
    this.#deps = { ...deps, log: deps.log.child('scheduler') };
    this.#schedulerName = options.schedulerName ?? 'default-scheduler';
    this.#plugins = options.plugins ?? defaultPlugins;
    this.#random = options.random ?? Math.random;
    const cluster = new ClusterInformers(deps.informers);
    this.#cluster = cluster;
    this.#pods = new ResourceClient(deps.transport, cluster.pods.resource);
    this.#queue = new SchedulingQueue({
      clock: deps.clock,
      plugins: this.#plugins,
      onReady: () => this.#wake(),
    });
    const { claims, volumes } = cluster;
    this.#volumeBinder = new VolumeBinder({ ...deps, claims, volumes });
    this.#snapshot = {
      nodes: this.#state.nodes,
      namespaceLabels: name => cluster.namespaceLabels(name),
      claim: (namespace, name) => cluster.claim(namespace, name),
      volume: name => cluster.volume(name),
      volumes: () => this.#volumeBinder.free(cluster.volumes.list()),
      storageClass: name => cluster.storageClass(name),
      workloadSelector: pod => cluster.workloadSelector(pod),
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#subscribe();
    await Promise.all(this.#cluster.all().map(informer => informer.whenSynced(signal)));
    this.#running = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    if (this.#turn) clearImmediate(this.#turn);
    this.#queue.stop();
    await Promise.all(this.#writes);
  }

  /** Resolves when no pod is ready to be tried and nothing is being written. For tests. */
  async idle(): Promise<void> {
    while (this.#turn || this.#writes.size > 0) {
      await Promise.all(this.#writes);
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  #subscribe(): void {
    const { pods, nodes, claims, volumes, classes } = this.#cluster;
    const changed = () => this.#queue.event('volume.changed');
    const claimChanged = () => {
      this.#volumeBinder.claimChanged();
      changed();
    };
    this.#unsubscribe.push(
      nodes.addHandler({
        added: node => this.#nodeChanged(node, ['node.added']),
        updated: (node, before) => this.#nodeChanged(node, nodeEvents(before, node)),
        deleted: node => this.#state.removeNode(node.metadata.name),
      }),
      pods.addHandler({
        added: pod => this.#podChanged(pod),
        updated: (pod, before) => this.#podChanged(pod, before),
        deleted: pod => this.#podGone(pod),
      }),
      claims.addHandler({ added: claimChanged, updated: claimChanged, deleted: claimChanged }),
      volumes.addHandler({ added: changed, updated: changed }),
      classes.addHandler({ added: changed, updated: changed }),
    );
  }

  #nodeChanged(node: Stored<Node>, events: ClusterEvent[]): void {
    this.#state.setNode(node);
    for (const event of events) this.#queue.event(event);
  }

  #podChanged(pod: Stored<Pod>, before?: Stored<Pod>): void {
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (before && before.metadata.uid !== pod.metadata.uid) this.#podGone(before);
    if (isFinished(pod)) {
      this.#podGone(pod);
    } else if (pod.spec?.nodeName) {
      this.#queue.remove(key);
      this.#denominate(pod.metadata.uid);
      const isNew = !before?.spec?.nodeName;
      this.#state.setPod(pod);
      if (isNew) this.#queue.event('pod.assigned');
      else if (!isDeepStrictEqual(before.metadata.labels, pod.metadata.labels))
        this.#queue.event('pod.labels');
    } else if (pod.metadata.deletionTimestamp) {
      this.#queue.remove(key);
      this.#denominate(pod.metadata.uid);
    } else if (this.#isOurs(pod) && !this.#state.isAssumed(pod.metadata.uid)) {
      const info = podInfo(pod);
      this.#queue.set(info);
      if (this.#queue.whereIs(key) === 'gated') this.#sayGated(info);
    }
  }

  #podGone(pod: Stored<Pod>): void {
    const { namespace, name, uid } = pod.metadata;
    this.#queue.remove(`${namespace}/${name}`, uid);
    this.#denominate(uid);
    if (this.#state.nodeOf(uid) === undefined) return;
    this.#state.removePod(uid);
    this.#queue.event('pod.deleted');
  }

  #isOurs(pod: Stored<Pod>): boolean {
    return (pod.spec?.schedulerName ?? 'default-scheduler') === this.#schedulerName;
  }

  #wake(): void {
    if (this.#turn || !this.#running) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      for (let placed = 0; placed < podsPerTurn; placed++) {
        const next = this.#queue.pop();
        if (!next) return;
        this.#place(next);
      }
      this.#wake();
    });
  }

  #place({ info }: QueuedPod): void {
    try {
      if (this.#snapshot.nodes.size === 0) {
        this.#refuse(info, 'no nodes available to schedule pods', new Set());
        return;
      }
      const options = { nominations: this.#nominations, random: this.#random };
      const placement = findNode(info, this.#snapshot, this.#plugins, options);
      if (placement.node) this.#bindTo(info, placement.node, placement);
      else this.#noNode(info, placement.diagnosis);
    } catch (error) {
      this.#deps.log.error('placing failed', { pod: info.key, error });
      this.#queue.failed(info.key, info.uid);
      this.#tell(info, 'SchedulerError', errorChain(error));
    }
  }

  #bindTo(info: PodInfo, node: NodeInfo, { score, candidates }: { score: number; candidates: number }): void {
    const volumes = this.#volumeBinder.begin(info, node, this.#snapshot);
    this.#state.assume(info, node.name);
    if (!volumes) {
      this.#write(this.#bind(info, node.name, { score, candidates }));
      return;
    }
    // Not among the writes that a stop waits for: a provisioner may take its time.
    void volumes().then(
      () => this.#running && this.#write(this.#bind(info, node.name, { score, candidates })),
      error =>
        this.#running && this.#bindFailed(info, node.name, error, 'running PreBind plugin "VolumeBinding"'),
    );
  }

  async #bind(info: PodInfo, node: string, how: { score: number; candidates: number }): Promise<void> {
    const { namespace = '', name, uid } = info.pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    };
    try {
      await this.#pods.createSubresource(namespace, name, 'binding', binding);
    } catch (error) {
      this.#bindFailed(info, node, error);
      return;
    }
    this.#queue.remove(info.key, info.uid);
    this.#deps.decisions.record('pod.bound', decisionObject(info.pod), { node, ...how });
    const message = `Successfully assigned ${info.key} to ${node}`;
    this.#deps.recorder.event(info.pod, 'Normal', 'Scheduled', message, { action: 'Binding' });
  }

  #bindFailed(
    info: PodInfo,
    node: string,
    cause: unknown,
    where = 'running Bind plugin "DefaultBinder"',
  ): void {
    this.#state.forget(info.uid);
    const gone = cause instanceof ApiError && cause.reason === 'NotFound';
    const current = this.#cluster.pods.getByKey(info.key);
    if (gone || current?.metadata.uid !== info.uid || current.spec?.nodeName) {
      this.#queue.remove(info.key, info.uid);
      return;
    }
    const message = `binding rejected: ${where}: ${errorChain(cause)}`;
    this.#deps.log.warn('binding failed', { pod: info.key, node, error: cause });
    this.#queue.failed(info.key, info.uid);
    this.#queue.event('pod.deleted');
    this.#tell(info, 'SchedulerError', message);
  }

  #noNode(info: PodInfo, diagnosis: Diagnosis): void {
    const budgets = this.#cluster.budgets.list();
    const result = findPreemption(info, this.#snapshot, this.#plugins, diagnosis, budgets);
    if (result.preemption) {
      this.#nominate(info, result.preemption.node.name);
      this.#refuse(info, fitMessage(diagnosis), diagnosis.plugins, result.preemption.node.name);
      this.#write(this.#evictVictims(info, result.preemption));
      return;
    }
    if (result.clears) this.#denominate(info.uid);
    const message = `${fitMessage(diagnosis)} ${result.message}`;
    this.#refuse(info, message, diagnosis.plugins, result.clears ? '' : undefined);
  }

  #refuse(info: PodInfo, message: string, plugins: ReadonlySet<string>, nominatedNode?: string): void {
    this.#queue.refused(info.key, plugins);
    this.#deps.decisions.record('pod.unschedulable', decisionObject(info.pod), { message });
    this.#tell(info, 'Unschedulable', message, nominatedNode);
  }

  /** As the API server does on creation; here for pods that came to it by other ways. */
  #sayGated(info: PodInfo): void {
    this.#setCondition(info, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates');
  }

  /** Event and condition that say why the pod has no node. */
  #tell(info: PodInfo, reason: PodScheduledReason, message: string, nominatedNode?: string): void {
    this.#deps.recorder.event(info.pod, 'Warning', 'FailedScheduling', message, { action: 'Scheduling' });
    this.#setCondition(info, reason, message, nominatedNode);
  }

  #setCondition(info: PodInfo, reason: PodScheduledReason, message: string, nominatedNode?: string): void {
    const { clock, log } = this.#deps;
    const current = this.#cluster.pods.getByKey(info.key) ?? info.pod;
    const patch = unscheduledPatch(current, { reason, message, nominatedNode }, clock.now());
    if (!patch) return;
    const { namespace = '', name } = info.pod.metadata;
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    const written = this.#pods.patch(namespace, name, patch, options).then(
      () => {},
      error => log.debug('status not written', { pod: info.key, error }),
    );
    this.#write(written);
  }

  async #evictVictims(info: PodInfo, { node, victims }: Preemption): Promise<void> {
    await Promise.all(victims.map(victim => this.#evict(victim, info, node.name)));
  }

  async #evict(victim: PodInfo, preemptor: PodInfo, node: string): Promise<void> {
    const { namespace = '', name, uid, deletionTimestamp } = victim.pod.metadata;
    if (deletionTimestamp) return;
    const { clock, decisions, recorder, log } = this.#deps;
    try {
      const patch = disruptionPatch(this.#schedulerName, clock.now());
      await this.#pods.patch(namespace, name, patch, { type: 'strategic-merge', subresource: 'status' });
      await this.#pods.delete(namespace, name, { preconditions: { uid } });
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'NotFound')) {
        log.warn('victim not evicted', { pod: victim.key, error });
      }
      return;
    }
    decisions.record('pod.preempted', decisionObject(victim.pod), { node, by: preemptor.key });
    const message = `Preempted by pod ${preemptor.uid} on node ${node}`;
    recorder.event(victim.pod, 'Normal', 'Preempted', message, { action: 'Preempting' });
  }

  #nominate(info: PodInfo, node: string): void {
    this.#denominate(info.uid);
    this.#nominations.set(node, [...(this.#nominations.get(node) ?? []), info]);
  }

  #denominate(uid: string): void {
    for (const [node, pods] of this.#nominations) {
      const rest = pods.filter(pod => pod.uid !== uid);
      if (rest.length === 0) this.#nominations.delete(node);
      else if (rest.length < pods.length) this.#nominations.set(node, rest);
    }
  }

  #write(promise: Promise<void>): void {
    this.#writes.add(promise);
    void promise.finally(() => this.#writes.delete(promise));
  }
}

function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}
