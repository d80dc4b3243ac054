import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from '../../api/generated/types.ts';
import { selectorFromLabelSelector } from '../../api/label-selector.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerOf } from '../ownership/controller-ref.ts';
import { followPods, ownerKeys } from '../pods/pod-owners.ts';
import { PodOwnersIndex } from '../pods/pod-owners-index.ts';
import { availableIn } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { RevisionHistory, templateOf } from '../revisions/revision-history.ts';
import { sameStatus } from '../same-status.ts';
import { claimsOf, statefulPod } from './stateful-pod.ts';
import {
  ordinalOf,
  planStatefulSet,
  revisionOfPod,
  type StatefulInput,
  type StatefulStep,
  statefulCounts,
} from './stateful-set-plan.ts';

export interface StatefulSetControllerOptions {
  workers?: number;
}

/** Keeps the pods of StatefulSets, each with a name, a hostname and claims of its own. */
export class StatefulSetController implements Component {
  readonly name = 'statefulset-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #sets: Informer<StatefulSet>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #pods: PodOwnersIndex;
  readonly #setClient: ResourceClient<StatefulSet>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #claimClient: ResourceClient<PersistentVolumeClaim>;
  readonly #writes: OwnWrites<Pod>;
  readonly #history: RevisionHistory;
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: StatefulSetControllerOptions = {}) {
    this.#deps = deps;
    this.#sets = deps.informers.informer<StatefulSet>(resources.statefulSets);
    this.#claims = deps.informers.informer<PersistentVolumeClaim>(resources.persistentVolumeClaims);
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods = new PodOwnersIndex(pods);
    this.#setClient = new ResourceClient(deps.transport, resources.statefulSets);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#claimClient = new ResourceClient(deps.transport, resources.persistentVolumeClaims);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: pods, client: this.#podClient });
    const hashLabel = 'controller.kubernetes.io/hash';
    this.#history = new RevisionHistory(deps, { ownerResource: resources.statefulSets, hashLabel });
    const { workers = 4 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#sets, set => this.#loop.add(objectKey(set)));
    const owners = { resource: resources.statefulSets, informer: this.#sets, selector: selectorOf };
    followPods(this.#loop, pods, pod => ownerKeys(pod, owners));
    this.#loop.follow(this.#claims);
    this.#loop.follow(this.#history.informer);
  }

  start(signal: AbortSignal): Promise<void> {
    this.#detach = this.#writes.attach();
    return this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#detach?.();
    await this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const set = this.#sets.getByKey(key);
    if (!set) return;
    await this.#writes.verify();
    const { namespace = '', name } = set.metadata;
    const freshOwner = () => this.#setClient.get(namespace, name);
    const pods = await this.#claim(set, freshOwner);
    const { selector, template } = set.spec!;
    const { collisionCount } = set.status ?? {};
    const revisions = await this.#history.sync(set, { selector, template, collisionCount, freshOwner });
    const updateRevision = revisions.update.metadata.name;
    const currentRevision = currentOf(set, revisions.all) ?? updateRevision;
    const isDeleting = (pod: Stored<Pod>) => this.#writes.isDeleting(pod);
    const now = this.#deps.clock.now();
    const input = { set, pods, isDeleting, currentRevision, updateRevision, now };
    let failure: unknown;
    if (!set.metadata.deletionTimestamp)
      failure = await this.#apply(set, planStatefulSet(input), revisions.all);
    await this.#writeStatus(set, input, revisions.collisionCount);
    const live = new Set([currentRevision, updateRevision, ...pods.map(revisionOfPod)]);
    await this.#history.truncate(revisions.all, live, set.spec?.revisionHistoryLimit ?? 10);
    this.#waitForAvailability(set, pods);
    if (failure && !isNamespaceTerminating(failure)) throw failure;
  }

  async #claim(set: Stored<StatefulSet>, freshOwner: () => Promise<Stored>): Promise<Stored<Pod>[]> {
    const { namespace = '', name, uid } = set.metadata;
    const owned = this.#writes.join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid);
    const candidates = [...owned, ...this.#pods.strays(namespace)];
    const selector = selectorOf(set);
    const plan = planClaims(candidates, set, selector, pod => ordinalOf(pod, name) !== undefined);
    const deps = { client: this.#podClient, freshOwner, ownerResource: resources.statefulSets };
    return applyClaims(deps, plan, set);
  }

  /** Resolves with the first failure; the steps after it are not taken. */
  async #apply(
    set: Stored<StatefulSet>,
    steps: readonly StatefulStep[],
    revisions: readonly Stored<ControllerRevision>[],
  ): Promise<unknown> {
    try {
      for (const step of steps) {
        if (step.do === 'create') await this.#create(set, step.ordinal, step.revision, revisions);
        else await this.#delete(set, step);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #create(
    set: Stored<StatefulSet>,
    ordinal: number,
    revision: string,
    revisions: readonly Stored<ControllerRevision>[],
  ): Promise<void> {
    const { recorder, decisions } = this.#deps;
    const { name } = set.metadata;
    const podName = `${name}-${ordinal}`;
    const held = revisions.find(({ metadata }) => metadata.name === revision);
    const template = held ? templateOf(held) : set.spec!.template;
    try {
      await this.#createClaims(set, ordinal, podName);
      const pod = await this.#writes.create(statefulPod(set, template, ordinal, revision));
      const message = `create Pod ${podName} in StatefulSet ${name} successful`;
      recorder.event(set, 'Normal', 'SuccessfulCreate', message);
      const why = `StatefulSet ${name} wants ordinal ${ordinal}`;
      decisions.record('controller.created', decisionObject(pod), { by: this.name, why });
    } catch (error) {
      const message = `create Pod ${podName} in StatefulSet ${name} failed error: ${errorChain(error)}`;
      if (!isNamespaceTerminating(error)) recorder.event(set, 'Warning', 'FailedCreate', message);
      throw error;
    }
  }

  async #createClaims(set: Stored<StatefulSet>, ordinal: number, podName: string): Promise<void> {
    for (const claim of claimsOf(set, ordinal)) {
      const { namespace = '', name = '' } = claim.metadata!;
      if (this.#claims.get(namespace, name)) continue;
      try {
        await this.#claimClient.create(claim);
      } catch (error) {
        if (isAlreadyExists(error)) continue;
        throw error;
      }
      const message = `create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} success`;
      this.#deps.recorder.event(set, 'Normal', 'SuccessfulCreate', message);
    }
  }

  async #delete(
    set: Stored<StatefulSet>,
    { pod, why }: Extract<StatefulStep, { do: 'delete' }>,
  ): Promise<void> {
    const { recorder, decisions } = this.#deps;
    const { namespace, name } = set.metadata;
    const podName = pod.metadata.name;
    if (why === 'failed') {
      const message = `StatefulSet ${namespace}/${name} is recreating failed Pod ${podName}`;
      recorder.event(set, 'Warning', 'RecreatingFailedPod', message);
    }
    try {
      await this.#writes.delete(pod);
    } catch (error) {
      const message = `delete Pod ${podName} in StatefulSet ${name} failed error: ${errorChain(error)}`;
      recorder.event(set, 'Warning', 'FailedDelete', message);
      throw error;
    }
    recorder.event(
      set,
      'Normal',
      'SuccessfulDelete',
      `delete Pod ${podName} in StatefulSet ${name} successful`,
    );
    decisions.record('controller.deleted', decisionObject(pod), { by: this.name, why });
  }

  async #writeStatus(set: Stored<StatefulSet>, input: StatefulInput, collisionCount: number): Promise<void> {
    const { uid, name } = set.metadata;
    const pods = this.#writes
      .join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid)
      .filter(pod => ordinalOf(pod, name) !== undefined);
    const counts = statefulCounts({ ...input, pods });
    const status: StatefulSetStatus = {
      ...set.status,
      ...counts,
      observedGeneration: set.metadata.generation,
      currentRevision: input.currentRevision,
      updateRevision: input.updateRevision,
      collisionCount,
    };
    if (isComplete(set, status)) {
      status.currentRevision = status.updateRevision;
      status.currentReplicas = status.updatedReplicas;
    }
    if (sameStatus(status, set.status)) return;
    try {
      await this.#setClient.updateStatus({ ...set, status });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #waitForAvailability(set: Stored<StatefulSet>, pods: readonly Stored<Pod>[]): void {
    const now = this.#deps.clock.now();
    for (const pod of pods) {
      const wait = availableIn(pod, set.spec?.minReadySeconds ?? 0, now) ?? 0;
      if (wait > 0) this.#loop.addAfter(objectKey(set), wait);
    }
  }
}

function currentOf(set: StatefulSet, all: readonly Stored<ControllerRevision>[]): string | undefined {
  const current = set.status?.currentRevision;
  return all.some(({ metadata }) => metadata.name === current) ? current : undefined;
}

function isComplete({ spec }: StatefulSet, status: StatefulSetStatus): boolean {
  if ((spec?.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return false;
  return status.updatedReplicas === status.replicas && status.readyReplicas === status.replicas;
}

function selectorOf({ spec }: Stored<StatefulSet>) {
  return selectorFromLabelSelector(spec?.selector);
}
