import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import { isAlreadyExists, isNamespaceTerminating } from '../api-failures.ts';
import { findCondition, setCondition } from '../conditions.ts';
import type { ControllerDeps } from '../controller.ts';
import { controllerReference, isControlledBy } from '../ownership/controller-ref.ts';
import { resources } from '../resources.ts';
import { contentHash, sameContent } from '../template-hash.ts';
import { deploymentCondition, hasDeadline } from './deployment-status.ts';
import {
  annotationNumber,
  desiredAnnotation,
  findNewSet,
  hashLabel,
  hasTemplate,
  maxAnnotation,
  maxRevision,
  revisionAnnotation,
  setAnnotations,
  sizeAnnotations,
} from './revisions.ts';
import {
  byCreation,
  fencepostsOf,
  newReplicas,
  replicasOf,
  type Scale,
  totalReplicas,
} from './rolling-plan.ts';

/** The ReplicaSets of a Deployment, told apart. */
export interface Sets {
  newSet: Stored<ReplicaSet> | undefined;
  oldSets: Stored<ReplicaSet>[];
  /** The Deployment as last written. */
  deployment: Stored<Deployment>;
}

/** Writes the ReplicaSets of Deployments: creates the one of a new template, scales, keeps revisions. */
export class DeploymentReplicaSets {
  readonly #deps: ControllerDeps;
  readonly #by: string;
  readonly #sets: ResourceClient<ReplicaSet>;
  readonly #deployments: ResourceClient<Deployment>;

  /** @param by the controller's name, for decisions. */
  constructor(deps: ControllerDeps, by: string) {
    this.#deps = deps;
    this.#by = by;
    this.#sets = new ResourceClient(deps.transport, resources.replicaSets);
    this.#deployments = new ResourceClient(deps.transport, resources.deployments);
  }

  /**
   * Finds the ReplicaSet of the current template and brings revisions and annotations up to date; makes it
   * where `create` says so.
   */
  async sync(
    deployment: Stored<Deployment>,
    all: readonly Stored<ReplicaSet>[],
    create: boolean,
  ): Promise<Sets> {
    const byAge = [...all].sort(byCreation);
    const present = findNewSet(deployment, byAge);
    const oldSets = byAge.filter(set => set !== present);
    const revision = maxRevision(oldSets) + 1n;
    if (present) return this.#adoptNew(deployment, present, oldSets, revision);
    if (!create) return { newSet: undefined, oldSets, deployment };
    return this.#createNew(deployment, oldSets, revision);
  }

  /** Carries out scales and tells of each. Resolves with whether there was anything to do. */
  async scale(deployment: Stored<Deployment>, scales: readonly Scale[]): Promise<boolean> {
    for (const { set, replicas } of scales) await this.#scaleOne(deployment, set, replicas);
    return scales.length > 0;
  }

  /** Updates the sizes a ReplicaSet remembers of its Deployment, where they are out of date. */
  async refreshSizes(deployment: Stored<Deployment>, sets: readonly Stored<ReplicaSet>[]): Promise<void> {
    const sizes = sizesOf(deployment);
    for (const set of sets) {
      if (replicasOf(set.spec) === 0 || hasSizes(set, sizes)) continue;
      const annotations = { ...set.metadata.annotations, ...sizeAnnotations(sizes) };
      await this.#sets.update({ ...set, metadata: { ...set.metadata, annotations } });
    }
  }

  async delete(set: Stored<ReplicaSet>): Promise<void> {
    const { namespace = '', name, uid } = set.metadata;
    await this.#sets.delete(namespace, name, { preconditions: { uid }, propagationPolicy: 'Background' });
    const why = 'it is beyond the revision history';
    this.#deps.decisions.record('controller.deleted', decisionObject(set), { by: this.#by, why });
  }

  async #adoptNew(
    deployment: Stored<Deployment>,
    present: Stored<ReplicaSet>,
    oldSets: Stored<ReplicaSet>[],
    revision: bigint,
  ): Promise<Sets> {
    const annotations = setAnnotations(deployment, present.metadata.annotations ?? {}, revision);
    const { minReadySeconds } = deployment.spec ?? {};
    let newSet = present;
    const differs = !sameContent(annotations, present.metadata.annotations ?? {});
    if (differs || (present.spec?.minReadySeconds ?? 0) !== (minReadySeconds ?? 0)) {
      const metadata = { ...present.metadata, annotations };
      newSet = await this.#sets.update({ ...present, metadata, spec: { ...present.spec!, minReadySeconds } });
    }
    const found = `Found new replica set "${newSet.metadata.name}"`;
    const known = findCondition(deployment.status?.conditions, 'Progressing');
    const updated = await this.#keepRevision(
      deployment,
      newSet,
      known ? undefined : { reason: 'FoundNewReplicaSet', message: found },
    );
    return { newSet, oldSets, deployment: updated };
  }

  async #createNew(
    deployment: Stored<Deployment>,
    oldSets: Stored<ReplicaSet>[],
    revision: bigint,
  ): Promise<Sets> {
    const replicas = newReplicas(deployment, 0, totalReplicas(oldSets));
    const wanted = this.#newSet(deployment, replicas, revision);
    const created = await this.#createOrFind(deployment, wanted);
    const { name } = created.metadata;
    const told = { reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` };
    const updated = await this.#keepRevision(deployment, created, told);
    return { newSet: created, oldSets, deployment: updated };
  }

  #newSet(deployment: Stored<Deployment>, replicas: number, revision: bigint): ReplicaSet {
    const { namespace, name } = deployment.metadata;
    const { template, selector, minReadySeconds } = deployment.spec!;
    const hash = contentHash(template, deployment.status?.collisionCount);
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    return {
      metadata: {
        namespace,
        name: `${name}-${hash}`,
        labels,
        annotations: {
          ...setAnnotations(deployment, {}, revision),
          ...sizeAnnotations(sizesOf(deployment)),
        },
        ownerReferences: [controllerReference(deployment, resources.deployments)],
      },
      spec: {
        replicas,
        minReadySeconds,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
  }

  async #createOrFind(deployment: Stored<Deployment>, wanted: ReplicaSet): Promise<Stored<ReplicaSet>> {
    const { namespace = '', name = '' } = wanted.metadata!;
    try {
      const created = await this.#sets.create(wanted);
      const why = `Deployment ${deployment.metadata.name} has a new template`;
      this.#deps.decisions.record('controller.created', decisionObject(created), { by: this.#by, why });
      const { replicas } = wanted.spec!;
      if (replicas! > 0) {
        const message = `Scaled up replica set ${name} from 0 to ${replicas}`;
        this.#deps.recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
      }
      return created;
    } catch (error) {
      if (isAlreadyExists(error)) {
        const present = await this.#sets.get(namespace, name);
        if (isControlledBy(present, deployment) && hasTemplate(present, deployment.spec?.template))
          return present;
        await this.#countCollision(deployment);
        throw new Error(`the name ${name} is taken by other content`, { cause: error });
      }
      if (!isNamespaceTerminating(error)) await this.#tellFailure(deployment, name, error);
      throw error;
    }
  }

  async #countCollision(deployment: Stored<Deployment>): Promise<void> {
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#deployments.updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
  }

  async #tellFailure(deployment: Stored<Deployment>, name: string, error: unknown): Promise<void> {
    const message = `Failed to create new replica set "${name}": ${errorChain(error)}`;
    if (hasDeadline(deployment)) {
      const now = this.#deps.clock.now();
      const condition = deploymentCondition('Progressing', 'False', 'ReplicaSetCreateError', message, now);
      await this.#writeStatus(deployment, {
        ...deployment.status,
        conditions: setCondition(deployment.status?.conditions ?? [], condition),
      });
    }
    this.#deps.recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
  }

  /** Copies the revision to the Deployment, and says in its status which ReplicaSet is the new one. */
  async #keepRevision(
    deployment: Stored<Deployment>,
    newSet: Stored<ReplicaSet>,
    told: { reason: string; message: string } | undefined,
  ): Promise<Stored<Deployment>> {
    let current = deployment;
    const revision = newSet.metadata.annotations?.[revisionAnnotation];
    if (revision && revision !== deployment.metadata.annotations?.[revisionAnnotation]) {
      const { namespace = '', name, resourceVersion } = deployment.metadata;
      const patch = { metadata: { resourceVersion, annotations: { [revisionAnnotation]: revision } } };
      current = await this.#deployments.patch(namespace, name, patch);
    }
    if (!told || !hasDeadline(deployment)) return current;
    const { reason, message } = told;
    const condition = deploymentCondition('Progressing', 'True', reason, message, this.#deps.clock.now());
    const conditions = setCondition(current.status?.conditions ?? [], condition);
    return this.#writeStatus(current, { ...current.status, conditions });
  }

  #writeStatus(deployment: Stored<Deployment>, status: DeploymentStatus): Promise<Stored<Deployment>> {
    if (sameContent(status, deployment.status)) return Promise.resolve(deployment);
    return this.#deployments.updateStatus({ ...deployment, status });
  }

  async #scaleOne(deployment: Stored<Deployment>, set: Stored<ReplicaSet>, replicas: number): Promise<void> {
    const before = replicasOf(set.spec);
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(sizesOf(deployment)) };
    const metadata = { ...set.metadata, annotations };
    await this.#sets.update({ ...set, metadata, spec: { ...set.spec!, replicas } });
    const direction = replicas > before ? 'up' : 'down';
    const { name } = set.metadata;
    const message = `Scaled ${direction} replica set ${name} from ${before} to ${replicas}`;
    this.#deps.recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    const why = `${before} → ${replicas} replicas`;
    this.#deps.decisions.record('controller.updated', decisionObject(set), { by: this.#by, why });
  }
}

function sizesOf(deployment: Deployment): { desired: number; max: number } {
  const desired = replicasOf(deployment.spec);
  return { desired, max: desired + fencepostsOf(deployment).maxSurge };
}

function hasSizes(set: ReplicaSet, { desired, max }: { desired: number; max: number }): boolean {
  return annotationNumber(set, desiredAnnotation) === desired && annotationNumber(set, maxAnnotation) === max;
}
