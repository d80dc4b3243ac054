import type { PersistentVolume, PersistentVolumeClaim } from '../api/generated/types.ts';
import { objectKey, type Stored } from '../api/objects.ts';
import { isBound, storageAnnotations } from '../api/storage/claims.ts';
import type { Clock } from '../base/clock.ts';
import { ResourceClient } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';
import type { Transport } from '../client/transport.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { bindingsOn, podClaims, type VolumeBindings } from './volume-claims.ts';

/** Milliseconds; upstream's `bindTimeoutSeconds`. */
const bindTimeout = 600_000;

/**
 * Has the claims of a pod bound before the pod: reserves volumes, tells provisioners the node, and waits until
 * the volume controller has done the rest. Volumes it has chosen count as taken from that moment.
 */
export class VolumeBinder {
  readonly #clock: Clock;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #claimClient: ResourceClient<PersistentVolumeClaim>;
  readonly #volumeClient: ResourceClient<PersistentVolume>;
  readonly #taken = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor(deps: {
    clock: Clock;
    transport: Transport;
    claims: Informer<PersistentVolumeClaim>;
    volumes: Informer<PersistentVolume>;
  }) {
    this.#clock = deps.clock;
    this.#claims = deps.claims;
    this.#claimClient = new ResourceClient(deps.transport, deps.claims.resource);
    this.#volumeClient = new ResourceClient(deps.transport, deps.volumes.resource);
  }

  /** Those nobody has been chosen for since the informer last told of them. */
  free(volumes: readonly Stored<PersistentVolume>[]): Stored<PersistentVolume>[] {
    return this.#taken.size === 0
      ? [...volumes]
      : volumes.filter(({ metadata }) => !this.#taken.has(metadata.name));
  }

  /** A claim has changed. */
  claimChanged(): void {
    for (const look of this.#waiting) look();
  }

  /** Undefined where nothing has to be bound; else what to await before the pod is. */
  begin(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): (() => Promise<void>) | undefined {
    const claims = podClaims(pod, snapshot);
    if ('reject' in claims || claims.waiting.length === 0) return undefined;
    const bindings = bindingsOn(claims, node, snapshot.volumes());
    if (!bindings) return undefined;
    for (const { volume } of bindings.reserve) this.#taken.add(volume.metadata.name);
    return () => this.#bind(bindings, node.name);
  }

  async #bind(bindings: VolumeBindings, node: string): Promise<void> {
    try {
      const { reserve, provision } = bindings;
      await Promise.all([
        ...reserve.map(({ claim, volume }) => this.#reserve(claim, volume)),
        ...provision.map(claim => this.#tellNode(claim, node)),
      ]);
      const claims = [...reserve.map(({ claim }) => claim), ...provision];
      await this.#untilBound(claims.map(claim => ({ key: objectKey(claim), uid: claim.metadata.uid })));
    } finally {
      for (const { volume } of bindings.reserve) this.#taken.delete(volume.metadata.name);
    }
  }

  async #reserve(claim: Stored<PersistentVolumeClaim>, volume: Stored<PersistentVolume>): Promise<void> {
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    if (volume.spec?.claimRef?.uid === uid) return;
    const reference = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    const annotations = {
      ...volume.metadata.annotations,
      ...(!volume.spec?.claimRef && { [storageAnnotations.boundByController]: 'yes' }),
    };
    await this.#volumeClient.update({
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: { ...volume.spec, claimRef: { ...reference, uid, resourceVersion } },
    });
  }

  async #tellNode(claim: Stored<PersistentVolumeClaim>, node: string): Promise<void> {
    if (claim.metadata.annotations?.[storageAnnotations.selectedNode] === node) return;
    const annotations = { ...claim.metadata.annotations, [storageAnnotations.selectedNode]: node };
    await this.#claimClient.update({ ...claim, metadata: { ...claim.metadata, annotations } });
  }

  #untilBound(claims: { key: string; uid: string }[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel();
        this.#waiting.delete(look);
        settle();
      };
      const cancel = this.#clock.after(bindTimeout, () =>
        end(() => reject(new Error('binding volumes: context deadline exceeded'))),
      );
      const look = () => {
        const found = claims.map(({ key, uid }) => {
          const claim = this.#claims.getByKey(key);
          return claim?.metadata.uid === uid ? claim : undefined;
        });
        const gone = claims[found.indexOf(undefined)];
        if (gone)
          end(() => reject(new Error(`binding volumes: persistentvolumeclaim "${gone.key}" is gone`)));
        // Agents look at the phase, which is written last.
        else if (found.every(claim => isBound(claim!) && claim!.status?.phase === 'Bound')) end(resolve);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
