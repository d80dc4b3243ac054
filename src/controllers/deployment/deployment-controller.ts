import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../api/label-selector.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound } from '../api-failures.ts';
import { findCondition, setCondition } from '../conditions.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerKey, controllerOf } from '../ownership/controller-ref.ts';
import { PodOwnersIndex } from '../pods/pod-owners-index.ts';
import { isFinished } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { sameStatus } from '../same-status.ts';
import {
  countStatus,
  deadlineOf,
  deploymentCondition,
  hasDeadline,
  isComplete,
  rolloutStatus,
} from './deployment-status.ts';
import { DeploymentReplicaSets, type Sets } from './replica-sets.ts';
import { annotationNumber, desiredAnnotation, revisionOf } from './revisions.ts';
import {
  isRolling,
  planNewSet,
  planOldSets,
  planScaling,
  replicasOf,
  totalReplicas,
} from './rolling-plan.ts';

export interface DeploymentControllerOptions {
  workers?: number;
}

/** Rolls Deployments out: one ReplicaSet a template, scaled against each other. */
export class DeploymentController implements Component {
  readonly name = 'deployment-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: PodOwnersIndex;
  readonly #client: ResourceClient<Deployment>;
  readonly #setClient: ResourceClient<ReplicaSet>;
  readonly #sets: DeploymentReplicaSets;

  constructor(deps: ControllerDeps, options: DeploymentControllerOptions = {}) {
    this.#deps = deps;
    this.#deployments = deps.informers.informer<Deployment>(resources.deployments);
    this.#replicaSets = deps.informers.informer<ReplicaSet>(resources.replicaSets);
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods = new PodOwnersIndex(pods);
    this.#client = new ResourceClient(deps.transport, resources.deployments);
    this.#setClient = new ResourceClient(deps.transport, resources.replicaSets);
    this.#sets = new DeploymentReplicaSets(deps, this.name);
    const { workers = 8 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#deployments, deployment => this.#loop.add(objectKey(deployment)));
    this.#loop.follow(this.#replicaSets, {
      added: set => this.#setChanged(set),
      updated: (set, before) => {
        if (controllerOf(before)?.uid !== controllerOf(set)?.uid) this.#setChanged(before);
        this.#setChanged(set);
      },
      deleted: set => this.#setChanged(set),
    });
    this.#loop.follow(pods, { deleted: pod => this.#podGone(pod) });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #setChanged(set: Stored<ReplicaSet>): void {
    if (controllerOf(set)) {
      const key = controllerKey(set, resources.deployments);
      if (key) this.#loop.add(key);
      return;
    }
    for (const deployment of this.#deployments.list(set.metadata.namespace)) {
      const selector = selectorFromLabelSelector(deployment.spec?.selector);
      if (matchesLabels(selector, set.metadata.labels ?? {})) this.#loop.add(objectKey(deployment));
    }
  }

  /** Strategy Recreate waits for the last pod of the old version. */
  #podGone(pod: Stored<Pod>): void {
    const setKey = controllerKey(pod, resources.replicaSets);
    const set = setKey && this.#replicaSets.getByKey(setKey);
    const key = set && controllerKey(set, resources.deployments);
    const deployment = key && this.#deployments.getByKey(key);
    if (deployment && !isRolling(deployment)) this.#loop.add(key);
  }

  async #reconcile(key: string): Promise<void> {
    const found = this.#deployments.getByKey(key);
    if (!found) return;
    try {
      await this.#sync(found);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #sync(found: Stored<Deployment>): Promise<void> {
    const all = await this.#claim(found);
    if (found.metadata.deletionTimestamp) {
      const sets = await this.#sets.sync(found, all, false);
      return this.#writePlainStatus(sets);
    }
    const deployment = await this.#tellPaused(found);
    if (deployment.spec?.paused || isScaled(deployment, all)) return this.#scale(deployment, all);
    return isRolling(deployment) ? this.#rollOver(deployment, all) : this.#recreate(deployment, all);
  }

  #claim(deployment: Stored<Deployment>): Promise<Stored<ReplicaSet>[]> {
    const { namespace = '', name } = deployment.metadata;
    const selector = selectorFromLabelSelector(deployment.spec?.selector);
    const plan = planClaims(this.#replicaSets.list(namespace), deployment, selector);
    const freshOwner = () => this.#client.get(namespace, name);
    const deps = { client: this.#setClient, freshOwner, ownerResource: resources.deployments };
    return applyClaims(deps, plan, deployment);
  }

  async #tellPaused(deployment: Stored<Deployment>): Promise<Stored<Deployment>> {
    if (!hasDeadline(deployment)) return deployment;
    const conditions = deployment.status?.conditions ?? [];
    const progressing = findCondition(conditions, 'Progressing');
    if (progressing?.reason === 'ProgressDeadlineExceeded') return deployment;
    const wasPaused = progressing?.reason === 'DeploymentPaused';
    const paused = deployment.spec?.paused ?? false;
    if (paused === wasPaused) return deployment;
    const [reason, message] = paused
      ? ['DeploymentPaused', 'Deployment is paused']
      : ['DeploymentResumed', 'Deployment is resumed'];
    const now = this.#deps.clock.now();
    const condition = deploymentCondition('Progressing', 'Unknown', reason, message, now);
    const status = { ...deployment.status, conditions: setCondition(conditions, condition) };
    return this.#client.updateStatus({ ...deployment, status });
  }

  /** A change of size only: no step of a rollout is taken. */
  async #scale(deployment: Stored<Deployment>, all: readonly Stored<ReplicaSet>[]): Promise<void> {
    const sets = await this.#sets.sync(deployment, all, false);
    const { newSet, oldSets } = sets;
    const scales = planScaling(sets.deployment, newSet, oldSets);
    await this.#sets.scale(sets.deployment, scales);
    const scaled = new Set(scales.map(({ set }) => set));
    const rest = [...oldSets, ...(newSet ? [newSet] : [])].filter(set => !scaled.has(set));
    await this.#sets.refreshSizes(sets.deployment, rest);
    if (deployment.spec?.paused) await this.#cleanUp(sets);
    await this.#writePlainStatus(sets);
  }

  async #rollOver(deployment: Stored<Deployment>, all: readonly Stored<ReplicaSet>[]): Promise<void> {
    const sets = await this.#sets.sync(deployment, all, true);
    const { newSet, oldSets } = sets;
    const growth = newSet && planNewSet(sets.deployment, newSet, oldSets);
    if (growth) await this.#sets.scale(sets.deployment, [growth]);
    else if (newSet) {
      const scaled = await this.#sets.scale(sets.deployment, planOldSets(sets.deployment, newSet, oldSets));
      if (!scaled) await this.#cleanUpIfComplete(sets);
    }
    await this.#writeRolloutStatus(sets);
  }

  async #recreate(deployment: Stored<Deployment>, all: readonly Stored<ReplicaSet>[]): Promise<void> {
    let sets = await this.#sets.sync(deployment, all, false);
    const active = sets.oldSets.filter(({ spec }) => replicasOf(spec) > 0);
    const down = active.map(set => ({ set, replicas: 0 }));
    if ((await this.#sets.scale(sets.deployment, down)) || this.#oldPodsRun(sets)) {
      return this.#writeRolloutStatus(sets);
    }
    if (!sets.newSet) sets = await this.#sets.sync(sets.deployment, all, true);
    const growth = sets.newSet && planNewSet(sets.deployment, sets.newSet, sets.oldSets);
    if (growth) await this.#sets.scale(sets.deployment, [growth]);
    else await this.#cleanUpIfComplete(sets);
    await this.#writeRolloutStatus(sets);
  }

  #oldPodsRun({ oldSets }: Sets): boolean {
    return oldSets.some(({ metadata }) => this.#pods.ownedBy(metadata.uid).some(pod => !isFinished(pod)));
  }

  async #cleanUpIfComplete(sets: Sets): Promise<void> {
    const { deployment } = sets;
    if (isComplete(deployment, deployment.status ?? {})) await this.#cleanUp(sets);
  }

  /** Drops the oldest revisions beyond the limit, as far as they have no pods left. */
  async #cleanUp({ deployment, oldSets }: Sets): Promise<void> {
    const limit = deployment.spec?.revisionHistoryLimit ?? 10;
    const alive = oldSets.filter(({ metadata }) => !metadata.deletionTimestamp);
    const excess = alive
      .sort((a, b) => Number(revisionOf(a) - revisionOf(b)))
      .slice(0, Math.max(0, alive.length - limit));
    for (const set of excess) {
      const { spec, status, metadata } = set;
      const settled = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
      if ((status?.replicas ?? 0) > 0 || totalReplicas([set]) > 0 || replicasOf(spec) > 0 || !settled)
        continue;
      await this.#sets.delete(set);
    }
  }

  async #writePlainStatus(sets: Sets): Promise<void> {
    const { deployment, newSet, oldSets } = sets;
    const all = newSet ? [...oldSets, newSet] : oldSets;
    await this.#writeStatus(deployment, countStatus(deployment, all, newSet, this.#deps.clock.now()));
  }

  async #writeRolloutStatus(sets: Sets): Promise<void> {
    const { deployment, newSet, oldSets } = sets;
    const all = newSet ? [...oldSets, newSet] : oldSets;
    const now = this.#deps.clock.now();
    const status = rolloutStatus(deployment, all, newSet, now);
    await this.#writeStatus(deployment, status);
    const deadline = deadlineOf(deployment, status.conditions ?? []);
    const exceeded = findCondition(status.conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded';
    if (deadline !== undefined && !exceeded) {
      this.#loop.addAfter(objectKey(deployment), Math.max(1000, deadline - now + 1000));
    }
  }

  async #writeStatus(deployment: Stored<Deployment>, status: DeploymentStatus): Promise<void> {
    if (sameStatus(deployment.status, status)) return;
    await this.#client.updateStatus({ ...deployment, status });
  }
}

/** Whether the Deployment's size has changed since its ReplicaSets got theirs. */
function isScaled(deployment: Deployment, sets: readonly Stored<ReplicaSet>[]): boolean {
  const wanted = replicasOf(deployment.spec);
  return sets.some(set => {
    const desired = annotationNumber(set, desiredAnnotation);
    return replicasOf(set.spec) > 0 && desired !== undefined && desired !== wanted;
  });
}
