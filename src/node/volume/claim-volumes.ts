import type { PersistentVolume, Pod, Volume } from '../../api/generated/types.ts';
import { ApiError } from '../../api/status.ts';
import { claimNameOf, isBound, isClaimOfPod } from '../../api/storage/claims.ts';
import type { NodeApi } from '../node-api.ts';
import type { ExclusiveVolumes } from './exclusive-volumes.ts';
import { applyGroup } from './file-group.ts';
import { prepareHostPath } from './host-path.ts';
import type { NodeFolders } from './node-folders.ts';
import type { MountedVolume } from './pod-volumes.ts';

/** The volumes of pods that stand for claims. */
export class ClaimVolumes {
  readonly #api: NodeApi;
  readonly #folders: NodeFolders;
  readonly #exclusive: ExclusiveVolumes;

  constructor(deps: { api: NodeApi; folders: NodeFolders; exclusive: ExclusiveVolumes }) {
    this.#api = deps.api;
    this.#exclusive = deps.exclusive;
    this.#folders = deps.folders;
  }

  /** Makes the volume a claim is bound to available. @throws Error in kubelet's words */
  async mount(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const persistent = await this.#volumeOf(pod, volume);
    this.#exclusive.take(pod, claimNameOf(pod, volume)!, persistent);
    const { spec } = persistent;
    const readOnly = volume.persistentVolumeClaim?.readOnly ?? false;
    if (spec?.volumeMode === 'Block') throw new Error('block volumes are not supported by this node');
    if (spec?.hostPath) return { path: await prepareHostPath(spec.hostPath), readOnly, written: 'elsewhere' };
    if (spec?.local) {
      const { path } = spec.local;
      await this.#folders.provide(persistent);
      const group = pod.spec?.securityContext?.fsGroup;
      if (group !== undefined && !readOnly) await applyGroup(path, group);
      return { path, readOnly, written: 'elsewhere' };
    }
    const kinds = ['nfs', 'iscsi', 'fc', 'csi', 'rbd', 'cephfs', 'glusterfs'] as const;
    const kind = kinds.find(key => spec && key in spec) ?? 'this type';
    throw new Error(`persistent volumes of ${kind} are not supported by this node yet`);
  }

  async #volumeOf(pod: Pod, volume: Volume): Promise<PersistentVolume> {
    const { namespace = '' } = pod.metadata ?? {};
    const name = claimNameOf(pod, volume)!;
    const wrong = (why: string) => new Error(`error processing PVC ${namespace}/${name}: ${why}`);
    const claim = await this.#api.claims.get(namespace, name).catch(error => {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
      throw wrong(`failed to fetch PVC from API server: ${error.message}`);
    });
    if (volume.ephemeral && !isClaimOfPod(claim, pod))
      throw wrong('was not created for this pod (pod is not owner)');
    if (claim.metadata.deletionTimestamp) throw wrong('PVC is being deleted');
    if (!isBound(claim) || claim.status?.phase !== 'Bound') throw wrong('PVC is not bound');
    const persistent = await this.#api.volumes.get('', claim.spec!.volumeName!);
    const reference = persistent.spec?.claimRef;
    if (reference?.uid !== claim.metadata.uid) {
      throw wrong(`PV ${persistent.metadata.name} is bound to another claim`);
    }
    return persistent;
  }
}
