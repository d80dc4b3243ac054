import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  Volume,
} from '../generated/types.ts';

/** What claims, volumes and the components that bring them together say about each other in annotations. */
export const storageAnnotations = {
  /** On a claim: it has been bound once; without its volume it is lost. */
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  /** On either: the other one was found for it, not asked for by name. */
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  /** On a claim: the node its first consumer will run on. */
  selectedNode: 'volume.kubernetes.io/selected-node',
  /** On a claim: who is to make its volume. */
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  oldProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  /** On a volume: who made it, and removes what it holds. */
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  class: 'volume.beta.kubernetes.io/storage-class',
} as const;

/** The provisioner of volumes that are folders of a node, and how a node says where they lie. */
export const nodeFolders = {
  provisioner: 'causeway.dev/node-folder',
  annotation: 'causeway.dev/volume-folder',
} as const;

/** A class of this provisioner has no provisioner: its volumes are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** The name of a claim's class; '' for none. */
export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata?.annotations?.[storageAnnotations.class] ?? spec?.storageClassName ?? '';
}

export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata?.annotations?.[storageAnnotations.class] ?? spec?.storageClassName ?? '';
}

/** Whether claims of the class are bound only when their first pod has been given a node. */
export function waitsForConsumer(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Whether the claim has been bound to a volume, by both sides. */
export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata?.annotations?.[storageAnnotations.bindCompleted] !== undefined;
}

/** The name of the claim a pod's volume stands for; undefined for volumes of other kinds. */
export function claimNameOf(pod: Pick<Pod, 'metadata'>, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral ? `${pod.metadata?.name}-${volume.name}` : undefined;
}

/** Whether a claim that stands for an ephemeral volume was made for this very pod. */
export function isClaimOfPod(claim: PersistentVolumeClaim, pod: Pick<Pod, 'metadata'>): boolean {
  return (claim.metadata?.ownerReferences ?? []).some(
    ({ controller, uid }) => controller && uid === pod.metadata?.uid,
  );
}
