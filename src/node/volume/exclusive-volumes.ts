import type { PersistentVolume, Pod } from '../../api/generated/types.ts';
import { claimNameOf } from '../../api/storage/claims.ts';

/** Volumes of access mode ReadWriteOncePod: had by one pod of the node at a time. */
export class ExclusiveVolumes {
  readonly #pods: () => readonly Pod[];
  readonly #hasContainers: (uid: string) => boolean;
  /** By name of the volume, the uid of the pod that was given it. */
  readonly #holders = new Map<string, string>();

  /**
   * @param deps.pods those of the node that have not ended
   * @param deps.hasContainers whether the runtime has any of a pod, so that it has its volumes: known also where an
   * earlier agent gave them out
   */
  constructor(deps: { pods: () => readonly Pod[]; hasContainers: (uid: string) => boolean }) {
    this.#pods = deps.pods;
    this.#hasContainers = deps.hasContainers;
  }

  /** Gives the volume to the pod, if it is such a volume. @throws Error in kubelet's words where another has it */
  take(pod: Pod, claim: string, { metadata, spec }: PersistentVolume): void {
    // Of several modes it is not known which one a pod means.
    if (spec?.accessModes?.length !== 1 || spec.accessModes[0] !== 'ReadWriteOncePod') return;
    const name = metadata?.name ?? '';
    const uid = pod.metadata?.uid ?? '';
    const holds = (other: Pod) => {
      const { uid: id = '', namespace } = other.metadata ?? {};
      if (id === uid || namespace !== pod.metadata?.namespace) return false;
      if (!other.spec?.volumes?.some(volume => claimNameOf(other, volume) === claim)) return false;
      return this.#holders.get(name) === id || this.#hasContainers(id);
    };
    if (this.#pods().some(holds)) {
      throw new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
    }
    this.#holders.set(name, uid);
  }
}
