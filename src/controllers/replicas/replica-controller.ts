import type { Pod, PodTemplateSpec, ReplicaSetStatus } from '../../api/generated/types.ts';
import { type LabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { type KubeObject, objectKey, type Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerOf, controllerReference } from '../ownership/controller-ref.ts';
import { podFromTemplate } from '../pods/pod-from-template.ts';
import { followPods, ownerKeys } from '../pods/pod-owners.ts';
import { PodOwnersIndex } from '../pods/pod-owners-index.ts';
import { isActive, isFinished } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { nextAvailability, planReplicas, replicaStatus } from './replica-plan.ts';

/** What tells ReplicaSets and ReplicationControllers apart. */
export interface ReplicaKind<T extends KubeObject> {
  name: string;
  resource: ResourceInfo;
  selector(object: Stored<T>): LabelSelector;
  wanted(object: Stored<T>): { replicas: number; minReadySeconds: number; template?: PodTemplateSpec };
  status(object: Stored<T>): ReplicaSetStatus | undefined;
  withStatus(object: Stored<T>, status: ReplicaSetStatus): T;
}

export interface ReplicaControllerOptions {
  workers?: number;
}

type Failure = { reason: 'FailedCreate' | 'FailedDelete'; message: string; cause: unknown };

/** Keeps as many pods of a template as are wanted. */
export class ReplicaController<T extends KubeObject> implements Component {
  readonly name: string;
  readonly #deps: ControllerDeps;
  readonly #kind: ReplicaKind<T>;
  readonly #loop: ControllerLoop;
  readonly #owners: Informer<T>;
  readonly #pods: PodOwnersIndex;
  readonly #ownerClient: ResourceClient<T>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #writes: OwnWrites<Pod>;
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, kind: ReplicaKind<T>, options: ReplicaControllerOptions = {}) {
    this.name = kind.name;
    this.#deps = deps;
    this.#kind = kind;
    this.#owners = deps.informers.informer<T>(kind.resource);
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods = new PodOwnersIndex(pods);
    this.#ownerClient = new ResourceClient(deps.transport, kind.resource);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: pods, client: this.#podClient });
    const { workers = 8 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: kind.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#owners, owner => this.#loop.add(objectKey(owner)));
    const { resource, selector } = kind;
    const owners = { resource, selector, informer: this.#owners };
    followPods(this.#loop, pods, pod => ownerKeys(pod, owners));
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
    const owner = this.#owners.getByKey(key);
    if (!owner) return;
    await this.#writes.verify();
    const pods = await this.#claim(owner);
    const active = pods.filter(pod => isActive(pod) && !this.#writes.isDeleting(pod));
    const failure = owner.metadata.deletionTimestamp ? undefined : await this.#scale(owner, active);
    await this.#writeStatus(owner, failure);
    if (failure && !isNamespaceTerminating(failure.cause)) {
      throw new Error(failure.message, { cause: failure.cause });
    }
  }

  async #claim(owner: Stored<T>): Promise<Stored<Pod>[]> {
    const { namespace = '', name } = owner.metadata;
    const candidates = [...this.#owned(owner), ...this.#pods.strays(namespace)];
    const plan = planClaims(candidates, owner, this.#kind.selector(owner), pod => !isFinished(pod));
    const freshOwner = () => this.#ownerClient.get(namespace, name);
    const deps = { client: this.#podClient, freshOwner, ownerResource: this.#kind.resource };
    return applyClaims(deps, plan, owner);
  }

  #owned(owner: Stored<T>): Stored<Pod>[] {
    const { uid } = owner.metadata;
    return this.#writes.join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid);
  }

  async #scale(owner: Stored<T>, active: readonly Stored<Pod>[]): Promise<Failure | undefined> {
    const { replicas } = this.#kind.wanted(owner);
    const sameNode = this.#countOnNodes(owner);
    const plan = planReplicas(active, replicas, sameNode, this.#deps.clock.now());
    if (plan.create > 0) {
      const { failure } = await slowStart(plan.create, () => this.#create(owner));
      if (failure === undefined) return undefined;
      return { reason: 'FailedCreate', message: errorChain(failure), cause: failure };
    }
    const results = await Promise.allSettled(plan.delete.map(pod => this.#delete(owner, pod)));
    const failed = results.find(result => result.status === 'rejected');
    return failed && { reason: 'FailedDelete', message: errorChain(failed.reason), cause: failed.reason };
  }

  /** How many active pods of the owner's family (its siblings under one Deployment) each node has. */
  #countOnNodes(owner: Stored<T>): (pod: Stored<Pod>) => number {
    const parent = controllerOf(owner)?.uid;
    const family = parent
      ? this.#owners.list(owner.metadata.namespace).filter(other => controllerOf(other)?.uid === parent)
      : [owner];
    const counts = new Map<string, number>();
    for (const { metadata } of family) {
      for (const pod of this.#pods.ownedBy(metadata.uid)) {
        const node = pod.spec?.nodeName ?? '';
        if (isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
      }
    }
    return pod => counts.get(pod.spec?.nodeName ?? '') ?? 0;
  }

  async #create(owner: Stored<T>): Promise<void> {
    const { recorder, decisions } = this.#deps;
    const { template } = this.#kind.wanted(owner);
    const { namespace = '' } = owner.metadata;
    const reference = controllerReference(owner, this.#kind.resource);
    try {
      const pod = await this.#createNamed(() => podFromTemplate(template, { namespace, owner: reference }));
      recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      const why = `${owner.kind} ${owner.metadata.name} wants more replicas`;
      decisions.record('controller.created', decisionObject(pod), { by: this.name, why });
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorChain(error)}`);
      }
      throw error;
    }
  }

  /** Chooses another name where one is taken. */
  async #createNamed(make: () => Pod): Promise<Stored<Pod>> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#writes.create(make());
      } catch (error) {
        if (!isAlreadyExists(error) || tries >= 3) throw error;
      }
    }
  }

  async #delete(owner: Stored<T>, pod: Stored<Pod>): Promise<void> {
    const { recorder, decisions } = this.#deps;
    try {
      await this.#writes.delete(pod);
      recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      const why = `${owner.kind} ${owner.metadata.name} wants fewer replicas`;
      decisions.record('controller.deleted', decisionObject(pod), { by: this.name, why });
    } catch (error) {
      recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorChain(error)}`);
      throw error;
    }
  }

  async #writeStatus(owner: Stored<T>, failure: Failure | undefined): Promise<void> {
    const { replicas: _, minReadySeconds, template } = this.#kind.wanted(owner);
    const now = this.#deps.clock.now();
    const present = this.#kind.status(owner);
    const selector = this.#kind.selector(owner);
    const pods = this.#owned(owner).filter(pod => matchesLabels(selector, pod.metadata.labels ?? {}));
    const active = pods.filter(pod => isActive(pod) && !this.#writes.isDeleting(pod));
    const terminating = pods.filter(pod => !isFinished(pod) && this.#writes.isDeleting(pod));
    const wait = nextAvailability(active, minReadySeconds, now);
    if (wait !== undefined) this.#loop.addAfter(objectKey(owner), wait);
    const status = replicaStatus({
      active,
      terminating,
      templateLabels: template?.metadata?.labels ?? {},
      minReadySeconds,
      generation: owner.metadata.generation,
      present,
      failure: failure && { reason: failure.reason, message: failure.message },
      now,
    });
    if (present && present.replicas === status.replicas && sameStatus(present, status)) return;
    try {
      await this.#ownerClient.updateStatus(this.#kind.withStatus(owner, status));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
