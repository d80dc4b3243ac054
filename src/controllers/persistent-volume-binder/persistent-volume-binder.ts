import { isDeepStrictEqual } from 'node:util';
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';
import { type ClaimPlan, planClaim, type StorageView } from './claim-plan.ts';
import { folderVolume, folderVolumeName, standardClass } from './node-folder-volume.ts';
import { planVolume } from './volume-plan.ts';

type Claim = Stored<PersistentVolumeClaim>;
type VolumeObject = Stored<PersistentVolume>;

/**
 * Brings claims and volumes together, makes volumes of the class `standard`, and says what becomes of volumes
 * whose claim is gone. A bond is written in four steps, any of which may be the last one before a crash; the
 * next look goes on from there. Two claims after one volume are kept apart by its resourceVersion.
 */
export class PersistentVolumeBinder implements Component {
  readonly name = 'persistentvolume-controller';
  readonly #deps: ControllerDeps;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #nodes: Informer<Node>;
  readonly #claimClient: ResourceClient<PersistentVolumeClaim>;
  readonly #volumeClient: ResourceClient<PersistentVolume>;
  readonly #classClient: ResourceClient<StorageClass>;
  readonly #claimLoop: ControllerLoop;
  readonly #volumeLoop: ControllerLoop;
  readonly #view: StorageView;

  constructor(deps: ControllerDeps) {
    const { informers, transport } = deps;
    this.#deps = deps;
    this.#claims = informers.informer(resources.persistentVolumeClaims);
    this.#volumes = informers.informer(resources.persistentVolumes);
    this.#classes = informers.informer(resources.storageClasses);
    this.#nodes = informers.informer(resources.nodes);
    this.#claimClient = new ResourceClient(transport, resources.persistentVolumeClaims);
    this.#volumeClient = new ResourceClient(transport, resources.persistentVolumes);
    this.#classClient = new ResourceClient(transport, resources.storageClasses);
    this.#view = {
      volume: name => this.#volumes.getByKey(name),
      volumes: () => this.#volumes.list(),
      storageClass: name => this.#classes.getByKey(name),
    };
    this.#claimLoop = new ControllerLoop(deps, {
      name: `${this.name}-claims`,
      workers: 1,
      reconcile: key => this.#syncClaim(key),
    });
    this.#volumeLoop = new ControllerLoop(deps, {
      name: `${this.name}-volumes`,
      reconcile: key => this.#syncVolume(key),
    });
    this.#follow();
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#claimLoop.start(signal), this.#volumeLoop.start(signal)]);
    await this.#classClient.create(standardClass).catch(error => {
      if (!isAlreadyExists(error)) this.#deps.log.warn('no standard StorageClass', { error });
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#claimLoop.stop(), this.#volumeLoop.stop()]);
  }

  #follow(): void {
    this.#claimLoop.followAll(this.#claims, claim => {
      this.#claimLoop.add(objectKey(claim));
      const { uid } = claim.metadata;
      for (const volume of this.#volumes.list()) {
        if (volume.metadata.name === claim.spec?.volumeName || volume.spec?.claimRef?.uid === uid)
          this.#volumeLoop.add(volume.metadata.name);
      }
    });
    this.#volumeLoop.followAll(this.#volumes, volume => {
      this.#volumeLoop.add(volume.metadata.name);
      this.#addClaims(volume);
    });
    this.#claimLoop.follow(this.#classes, {
      added: () => this.#addUnbound(),
      updated: () => this.#addUnbound(),
    });
    this.#claimLoop.follow(this.#nodes);
  }

  /** A volume that came, changed or went matters to its claim, and where it is free to all that have none. */
  #addClaims(volume: VolumeObject): void {
    const reference = volume.spec?.claimRef;
    if (reference) this.#claimLoop.add(`${reference.namespace}/${reference.name}`);
    else if (volume.status?.phase === 'Available') this.#addUnbound();
    for (const claim of this.#claims.list()) {
      if (claim.spec?.volumeName === volume.metadata.name) this.#claimLoop.add(objectKey(claim));
    }
  }

  #addUnbound(): void {
    for (const claim of this.#claims.list())
      if (!claim.spec?.volumeName) this.#claimLoop.add(objectKey(claim));
  }

  // ── claims ─────────────────────────────────────────────────────────────────────────────────────────────

  async #syncClaim(key: string): Promise<void> {
    const claim = this.#claims.getByKey(key);
    if (!claim) return;
    const plan = planClaim(claim, this.#view);
    if (claim.metadata.deletionTimestamp && plan.do !== 'bind') return;
    switch (plan.do) {
      case 'bind':
        return this.#bind(claim, plan.volume);
      case 'provision':
        return this.#provision(claim, plan.storageClass);
      case 'lose':
        return this.#lose(claim, plan);
      default:
        if (plan.reason) this.#tell(claim, plan.type ?? 'Normal', plan.reason, plan.message ?? '');
        await this.#setPhase(claim, 'Pending');
    }
  }

  async #bind(claim: Claim, found: VolumeObject): Promise<void> {
    const isNew = claim.status?.phase !== 'Bound';
    const volume = await this.#reserve(found, claim);
    await this.#setVolumePhase(volume, 'Bound');
    const { volumeName } = claim.spec ?? {};
    const { annotations = {} } = claim.metadata;
    const { bindCompleted, boundByController } = storageAnnotations;
    let bound = claim;
    if (volumeName === undefined || annotations[bindCompleted] === undefined) {
      const more = { [bindCompleted]: 'yes', ...(!volumeName && { [boundByController]: 'yes' }) };
      bound = await this.#claimClient.update({
        ...claim,
        metadata: { ...claim.metadata, annotations: { ...annotations, ...more } },
        spec: { ...claim.spec, volumeName: volume.metadata.name },
      });
    }
    const { accessModes, capacity } = volume.spec ?? {};
    const status = { ...bound.status, phase: 'Bound', accessModes, capacity };
    if (!isDeepStrictEqual(status, bound.status)) await this.#claimClient.updateStatus({ ...bound, status });
    if (isNew) this.#note(claim, `bound to ${volume.metadata.name}`);
  }

  /** The volume with its half of the bond. @throws ApiError Conflict where another claim was faster. */
  async #reserve(volume: VolumeObject, claim: Claim): Promise<VolumeObject> {
    const reference = volume.spec?.claimRef;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    if (reference?.uid === uid) return volume;
    const annotations = {
      ...volume.metadata.annotations,
      ...(!reference && { [storageAnnotations.boundByController]: 'yes' }),
    };
    const claimRef = {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      ...{ uid, resourceVersion },
    };
    return this.#volumeClient.update({
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: { ...volume.spec, claimRef },
    });
  }

  async #provision(claim: Claim, storageClass: StorageClass): Promise<void> {
    const { provisioner } = storageClass;
    if (provisioner !== nodeFolders.provisioner) return this.#leaveToOthers(claim, provisioner);
    const selected = claim.metadata.annotations?.[storageAnnotations.selectedNode];
    const node = selected === undefined ? this.#anyNode() : this.#nodes.getByKey(selected);
    const fail = (problem: string) => {
      const message = `failed to provision volume with StorageClass "${storageClass.metadata?.name}": ${problem}`;
      this.#tell(claim, 'Warning', 'ProvisioningFailed', message);
    };
    await this.#setPhase(claim, 'Pending');
    if (!node) return fail(`node "${selected ?? ''}" not found`);
    const volume = folderVolume(claim, storageClass, node);
    if ('problem' in volume) return fail(volume.problem);
    await this.#volumeClient.create(volume).catch(error => {
      if (!isAlreadyExists(error)) throw error;
    });
    this.#tell(
      claim,
      'Normal',
      'ProvisioningSucceeded',
      `Successfully provisioned volume ${folderVolumeName(claim)}`,
    );
  }

  /** A class whose claims are bound at once has no pod to ask for a node. */
  #anyNode(): Stored<Node> | undefined {
    return this.#nodes.list().find(({ metadata }) => metadata.annotations?.[nodeFolders.annotation]);
  }

  /** An operator's provisioner watches for claims with its name. */
  async #leaveToOthers(claim: Claim, provisioner: string): Promise<void> {
    const { provisioner: key, oldProvisioner } = storageAnnotations;
    const { annotations = {} } = claim.metadata;
    if (annotations[key] !== provisioner) {
      const more = { [key]: provisioner, [oldProvisioner]: provisioner };
      await this.#claimClient.update({
        ...claim,
        metadata: { ...claim.metadata, annotations: { ...annotations, ...more } },
      });
    }
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    this.#tell(claim, 'Normal', 'ExternalProvisioning', message);
  }

  async #lose(claim: Claim, { reason, message }: Extract<ClaimPlan, { do: 'lose' }>): Promise<void> {
    if (claim.status?.phase === 'Lost') return;
    this.#tell(claim, 'Warning', reason, message);
    await this.#setPhase(claim, 'Lost');
  }

  async #setPhase(claim: Claim, phase: 'Pending' | 'Lost'): Promise<void> {
    if (claim.status?.phase === phase) return;
    await this.#claimClient.updateStatus({ ...claim, status: { ...claim.status, phase } });
  }

  // ── volumes ────────────────────────────────────────────────────────────────────────────────────────────

  async #syncVolume(name: string): Promise<void> {
    const volume = this.#volumes.getByKey(name);
    if (!volume) return;
    const plan = planVolume(volume, await this.#claimOf(volume));
    switch (plan.do) {
      case 'phase':
        await this.#setVolumePhase(volume, plan.phase);
        return;
      case 'unbind':
        return this.#unbind(volume);
      case 'delete':
        return this.#delete(volume);
      default:
        if (volume.status?.phase === 'Failed') return;
        this.#tell(volume, 'Warning', plan.reason, plan.message);
        await this.#setVolumePhase(volume, 'Failed', plan.message);
    }
  }

  /** Before a volume is taken for released the API itself is asked: the informer may be behind. */
  async #claimOf({ spec }: VolumeObject): Promise<Claim | undefined> {
    const reference = spec?.claimRef;
    if (!reference?.uid) return undefined;
    const { namespace = '', name = '', uid } = reference;
    const claim = this.#claims.get(namespace, name);
    if (claim?.metadata.uid === uid) return claim;
    return orNotFound(this.#claimClient.get(namespace, name));
  }

  async #setVolumePhase(
    volume: VolumeObject,
    phase: 'Available' | 'Bound' | 'Released' | 'Failed',
    message?: string,
  ): Promise<VolumeObject> {
    if (volume.status?.phase === phase) return volume;
    const { message: _, ...before } = volume.status ?? {};
    const status = { ...before, phase, ...(message && { message }) };
    return this.#volumeClient.updateStatus({ ...volume, status });
  }

  async #unbind(volume: VolumeObject): Promise<void> {
    const { [storageAnnotations.boundByController]: found, ...annotations } =
      volume.metadata.annotations ?? {};
    const { claimRef, ...spec } = volume.spec ?? {};
    // What somebody reserved by hand stays reserved.
    const { uid: _, resourceVersion: __, ...reserved } = claimRef ?? {};
    await this.#volumeClient.update({
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: found === undefined ? { ...spec, claimRef: reserved } : spec,
    });
  }

  async #delete(volume: VolumeObject): Promise<void> {
    await this.#setVolumePhase(volume, 'Released');
    if (volume.metadata.deletionTimestamp) return;
    const { name, uid } = volume.metadata;
    await orNotFound(this.#volumeClient.delete('', name, { preconditions: { uid } }));
    const why = 'its claim is gone';
    this.#deps.decisions.record('controller.deleted', decisionObject(volume), { by: this.name, why });
  }

  #tell(object: Claim | VolumeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.recorder.event(object, type, reason, message);
  }

  #note(claim: Claim, why: string): void {
    this.#deps.decisions.record('controller.updated', decisionObject(claim), { by: this.name, why });
  }
}
