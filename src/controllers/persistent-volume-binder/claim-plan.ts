import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import {
  classOfClaim,
  noProvisioner,
  storageAnnotations,
  waitsForConsumer,
} from '../../api/storage/claims.ts';
import { findVolume, isFor, misfit } from '../../api/storage/volume-match.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

/** What the binder reads. */
export interface StorageView {
  volume(name: string): Volume | undefined;
  volumes(): Iterable<Volume>;
  storageClass(name: string): StorageClass | undefined;
}

/** What is to happen to a claim. `message` is that of the event. */
export type ClaimPlan =
  | { do: 'bind'; volume: Volume }
  | { do: 'provision'; storageClass: StorageClass }
  | { do: 'wait'; type?: 'Normal' | 'Warning'; reason?: string; message?: string }
  | { do: 'lose'; reason: string; message: string };

/** Decides for one claim. Pure. Source: kube-controller-manager `pv_controller.go`, `syncClaim`. */
export function planClaim(claim: Claim, view: StorageView): ClaimPlan {
  if (claim.metadata.annotations?.[storageAnnotations.bindCompleted] !== undefined)
    return planBound(claim, view);
  const name = claim.spec?.volumeName;
  return name ? planNamed(claim, view.volume(name)) : planUnbound(claim, view);
}

function planUnbound(claim: Claim, view: StorageView): ClaimPlan {
  const className = classOfClaim(claim);
  const storageClass = className ? view.storageClass(className) : undefined;
  const selected = claim.metadata.annotations?.[storageAnnotations.selectedNode];
  const waits = waitsForConsumer(storageClass) && selected === undefined;
  const volume = findVolume(claim, view.volumes(), { onlyReserved: waits });
  if (volume) return { do: 'bind', volume };
  if (waits) {
    const message = 'waiting for first consumer to be created before binding';
    return { do: 'wait', type: 'Normal', reason: 'WaitForFirstConsumer', message };
  }
  if (!className) {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    return { do: 'wait', type: 'Normal', reason: 'FailedBinding', message };
  }
  if (!storageClass) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    return { do: 'wait', type: 'Warning', reason: 'ProvisioningFailed', message };
  }
  if (storageClass.provisioner === noProvisioner) {
    const message = 'no volume plugin matched name: kubernetes.io/no-provisioner';
    return { do: 'wait', type: 'Warning', reason: 'ProvisioningFailed', message };
  }
  return { do: 'provision', storageClass };
}

/** A claim that names its volume. */
function planNamed(claim: Claim, volume: Volume | undefined): ClaimPlan {
  if (!volume) return { do: 'wait' };
  if (isFor(volume, claim) && volume.spec?.claimRef?.uid) return { do: 'bind', volume };
  if (volume.spec?.claimRef && !isFor(volume, claim)) {
    const message = `volume "${volume.metadata.name}" already bound to a different claim.`;
    return { do: 'wait', type: 'Warning', reason: 'FailedBinding', message };
  }
  const why = misfit(claim, volume);
  if (why === undefined) return { do: 'bind', volume };
  const message = `Cannot bind to requested volume "${volume.metadata.name}": ${why}`;
  return { do: 'wait', type: 'Warning', reason: 'VolumeMismatch', message };
}

/** A claim that was bound: its volume must still be there, and still be its own. */
function planBound(claim: Claim, view: StorageView): ClaimPlan {
  const name = claim.spec?.volumeName;
  const lost = 'Data on the volume is lost!';
  if (!name) {
    const message = `Bound claim has lost reference to PersistentVolume. ${lost}`;
    return { do: 'lose', reason: 'ClaimLost', message };
  }
  const volume = view.volume(name);
  if (!volume)
    return { do: 'lose', reason: 'ClaimLost', message: `Bound claim has lost its PersistentVolume. ${lost}` };
  if (!volume.spec?.claimRef || isFor(volume, claim)) return { do: 'bind', volume };
  const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
  return { do: 'lose', reason: 'ClaimMisbound', message };
}
