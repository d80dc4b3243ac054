import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { claimNameOf } from '../../api/storage/claims.ts';
import type { Component } from '../../base/component.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const podsByClaim = 'volume-protection/claim';

/** Lets a claim that is being deleted go when no pod on a node has it any more. */
export class ClaimProtection implements Component {
  readonly name = 'pvc-protection-controller';
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #pods: Informer<Pod>;
  readonly #client: ResourceClient<PersistentVolumeClaim>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #loop: ControllerLoop;

  constructor(deps: ControllerDeps) {
    this.#claims = deps.informers.informer(resources.persistentVolumeClaims);
    this.#pods = deps.informers.informer(resources.pods);
    this.#client = new ResourceClient(deps.transport, resources.persistentVolumeClaims);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#pods.addIndex(podsByClaim, claimKeysOf);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    const add = (claim: Stored<PersistentVolumeClaim>) => {
      if (isHeld(claim, claimFinalizer)) this.#loop.add(objectKey(claim));
    };
    const addClaims = (pod: Stored<Pod>) => {
      for (const key of claimKeysOf(pod)) {
        const claim = this.#claims.getByKey(key);
        if (claim) add(claim);
      }
    };
    this.#loop.follow(this.#claims, { added: add, updated: add });
    this.#loop.follow(this.#pods, { updated: addClaims, deleted: addClaims });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const claim = this.#claims.getByKey(key);
    if (!claim || !isHeld(claim, claimFinalizer)) return;
    if (this.#pods.byIndex(podsByClaim, key).some(isOnNode)) return;
    // The informer may be behind: one that has come since counts.
    const { items } = await this.#podClient.list(claim.metadata.namespace ?? '');
    if (items.some(pod => isOnNode(pod) && claimKeysOf(pod).includes(key))) return;
    await orNotFound(this.#client.update(without(claim, claimFinalizer)));
  }
}

/** Lets a volume that is being deleted go when it is bound to no claim. */
export class VolumeProtection implements Component {
  readonly name = 'pv-protection-controller';
  readonly #volumes: Informer<PersistentVolume>;
  readonly #client: ResourceClient<PersistentVolume>;
  readonly #loop: ControllerLoop;

  constructor(deps: ControllerDeps) {
    this.#volumes = deps.informers.informer(resources.persistentVolumes);
    this.#client = new ResourceClient(deps.transport, resources.persistentVolumes);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    const add = ({ metadata }: Stored<PersistentVolume>) => this.#loop.add(metadata.name);
    this.#loop.follow(this.#volumes, { added: add, updated: add });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const volume = this.#volumes.getByKey(key);
    if (!volume || !isHeld(volume, volumeFinalizer) || volume.status?.phase === 'Bound') return;
    await orNotFound(this.#client.update(without(volume, volumeFinalizer)));
  }
}

function isHeld({ metadata }: Stored, finalizer: string): boolean {
  return Boolean(metadata.deletionTimestamp && metadata.finalizers?.includes(finalizer));
}

function without<T extends Stored>(object: T, finalizer: string): T {
  const finalizers = object.metadata.finalizers?.filter(name => name !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

/** A pod without a node does not count: no agent starts it on a claim that is being deleted. */
function isOnNode({ spec }: Pod): boolean {
  return Boolean(spec?.nodeName);
}

function claimKeysOf(pod: Stored<Pod>): string[] {
  return (pod.spec?.volumes ?? []).flatMap(volume => {
    const name = claimNameOf(pod, volume);
    return name === undefined ? [] : [`${pod.metadata.namespace}/${name}`];
  });
}
