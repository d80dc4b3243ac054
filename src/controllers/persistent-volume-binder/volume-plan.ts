import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';

/** What is to happen to a volume. */
export type VolumePlan =
  | { do: 'phase'; phase: 'Available' | 'Bound' | 'Released' }
  /** Its claim is bound elsewhere: it is free again. */
  | { do: 'unbind' }
  /** Its claim is gone and what it holds may go. */
  | { do: 'delete' }
  | { do: 'fail'; reason: string; message: string };

/**
 * Decides for one volume. `claim` is the one it refers to, if that is there. Pure.
 * Source: kube-controller-manager `pv_controller.go`, `syncVolume`, `reclaimVolume`.
 */
export function planVolume(
  volume: Stored<PersistentVolume>,
  claim: Stored<PersistentVolumeClaim> | undefined,
): VolumePlan {
  const reference = volume.spec?.claimRef;
  // One without a uid was reserved by hand: its claim may come.
  if (!reference?.uid) return { do: 'phase', phase: 'Available' };
  if (claim?.metadata.uid !== reference.uid) return planReleased(volume);
  const bound = claim.spec?.volumeName;
  if (bound === volume.metadata.name) return { do: 'phase', phase: 'Bound' };
  // The claim's own turn comes, and with it the other half of the bond.
  if (!bound) return { do: 'phase', phase: 'Available' };
  const { annotations } = volume.metadata;
  const dynamic = annotations?.[storageAnnotations.provisionedBy] !== undefined;
  if (dynamic && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return { do: 'delete' };
  return { do: 'unbind' };
}

function planReleased(volume: Stored<PersistentVolume>): VolumePlan {
  const { persistentVolumeReclaimPolicy: policy } = volume.spec ?? {};
  const maker = volume.metadata.annotations?.[storageAnnotations.provisionedBy];
  if (policy === 'Recycle') {
    return {
      do: 'fail',
      reason: 'VolumeFailedRecycle',
      message: 'no recyclable volume plugin matched: recycling is not supported, use Delete or Retain',
    };
  }
  if (policy !== 'Delete') return { do: 'phase', phase: 'Released' };
  if (maker === nodeFolders.provisioner) return { do: 'delete' };
  // Whoever made it removes it.
  if (maker !== undefined) return { do: 'phase', phase: 'Released' };
  const message = `error getting deleter volume plugin for volume "${volume.metadata.name}": no deletable volume plugin matched`;
  return { do: 'fail', reason: 'VolumeFailedDelete', message };
}
