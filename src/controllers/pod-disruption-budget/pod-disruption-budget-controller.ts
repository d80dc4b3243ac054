import type {
  Deployment,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../api/label-selector.ts';
import { type KubeObject, objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { controllerOf } from '../ownership/controller-ref.ts';
import { resources } from '../resources.ts';
import { sameContent } from '../template-hash.ts';
import { budgetStatus, disruptionTimeout } from './budget-plan.ts';

export interface PodDisruptionBudgetOptions {
  workers?: number;
}

type Scaled = KubeObject & { spec?: { replicas?: number } };

/** Keeps the status of PodDisruptionBudgets, by which evictions are allowed or not. */
export class PodDisruptionBudgetController implements Component {
  readonly name = 'disruption-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #scaled: ReadonlyMap<string, Pick<Informer<Scaled>, 'get'>>;
  readonly #client: ResourceClient<PodDisruptionBudget>;

  constructor(deps: ControllerDeps, options: PodDisruptionBudgetOptions = {}) {
    this.#deps = deps;
    this.#budgets = deps.informers.informer<PodDisruptionBudget>(resources.podDisruptionBudgets);
    this.#pods = deps.informers.informer<Pod>(resources.pods);
    this.#replicaSets = deps.informers.informer<ReplicaSet>(resources.replicaSets);
    const deployments = deps.informers.informer<Deployment>(resources.deployments);
    const statefulSets = deps.informers.informer<StatefulSet>(resources.statefulSets);
    const replications = deps.informers.informer<ReplicationController>(resources.replicationControllers);
    this.#scaled = new Map<string, Pick<Informer<Scaled>, 'get'>>([
      ['ReplicaSet', this.#replicaSets],
      ['Deployment', deployments],
      ['StatefulSet', statefulSets],
      ['ReplicationController', replications],
    ]);
    this.#client = new ResourceClient(deps.transport, resources.podDisruptionBudgets);
    const { workers = 2 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#budgets, budget => this.#loop.add(objectKey(budget)));
    this.#loop.followAll(this.#pods, pod => this.#wake(pod));
    const rescaled = (object: Stored<Scaled>) => {
      for (const budget of this.#budgets.list(object.metadata.namespace)) this.#loop.add(objectKey(budget));
    };
    for (const informer of [this.#replicaSets, deployments, statefulSets, replications]) {
      const followed = informer as unknown as Informer<Scaled>;
      this.#loop.follow(followed, {
        updated: (object, before) => {
          if (object.spec?.replicas !== before.spec?.replicas) rescaled(object);
        },
      });
    }
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #wake(pod: Stored<Pod>): void {
    for (const budget of this.#budgets.list(pod.metadata.namespace)) {
      if (selects(budget, pod)) this.#loop.add(objectKey(budget));
    }
  }

  async #reconcile(key: string): Promise<void> {
    const budget = this.#budgets.getByKey(key);
    if (!budget) return;
    const pods = this.#pods.list(budget.metadata.namespace).filter(pod => selects(budget, pod));
    const { recorder, clock } = this.#deps;
    if (pods.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const status = budgetStatus({ budget, pods, expected: this.#expected(budget, pods), now: clock.now() });
    if (status.disruptedPods) this.#loop.addAfter(key, disruptionTimeout);
    if (sameContent(status, budget.status)) return;
    try {
      await this.#client.updateStatus({ ...budget, status });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The replicas of every controller that owns one of the pods, each counted once. */
  #expected(budget: Stored<PodDisruptionBudget>, pods: readonly Stored<Pod>[]): number {
    const counted = new Map<string, number>();
    const needed = typeof budget.spec?.minAvailable === 'string' || budget.spec?.maxUnavailable !== undefined;
    for (const pod of needed ? pods : []) {
      const owner = this.#scaleOwner(pod);
      if (owner) counted.set(owner.metadata.uid, owner.spec?.replicas ?? 1);
      else this.#tellUnmanaged(budget, pod);
    }
    return [...counted.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  #scaleOwner(pod: Stored<Pod>): Stored<Scaled> | undefined {
    const direct = this.#ownerOf(pod);
    return direct?.kind === 'ReplicaSet' ? (this.#ownerOf(direct) ?? direct) : direct;
  }

  #ownerOf(object: Stored): Stored<Scaled> | undefined {
    const reference = controllerOf(object);
    const owner =
      reference && this.#scaled.get(reference.kind)?.get(object.metadata.namespace ?? '', reference.name);
    return owner?.metadata.uid === reference?.uid ? owner : undefined;
  }

  #tellUnmanaged(budget: Stored<PodDisruptionBudget>, pod: Stored<Pod>): void {
    const cause = new Error(`found no controller ref for pod "${pod.metadata.name}"`);
    const message = `Failed to calculate the number of expected pods: ${errorChain(cause)}`;
    this.#deps.recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
  }
}

function selects({ spec }: PodDisruptionBudget, pod: Stored<Pod>): boolean {
  return matchesLabels(selectorFromLabelSelector(spec?.selector), pod.metadata.labels ?? {});
}
