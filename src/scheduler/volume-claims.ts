import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import {
  claimNameOf,
  classOfClaim,
  isClaimOfPod,
  noProvisioner,
  storageAnnotations,
  waitsForConsumer,
} from '../api/storage/claims.ts';
import { findVolume, reachable } from '../api/storage/volume-match.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

/** What the claims of a pod ask of its node. */
export interface PodClaims {
  /** Volumes that are bound already. */
  bound: Volume[];
  /** Claims that get their volume when the pod has its node. */
  waiting: { claim: Claim; storageClass: StorageClass }[];
}

/** What has to be written before the pod may run on the node that was chosen. */
export interface VolumeBindings {
  reserve: { claim: Claim; volume: Volume }[];
  provision: Claim[];
}

/** The claims of a pod; with upstream's words where one of them keeps the pod from every node. */
export function podClaims(pod: PodInfo, snapshot: Snapshot): PodClaims | { reject: string } {
  const found: PodClaims = { bound: [], waiting: [] };
  for (const volume of pod.pod.spec?.volumes ?? []) {
    const name = claimNameOf(pod.pod, volume);
    if (name === undefined) continue;
    const claim = snapshot.claim(pod.namespace, name);
    if (!claim && volume.ephemeral)
      return {
        reject: `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`,
      };
    if (!claim) return { reject: `persistentvolumeclaim "${name}" not found` };
    if (volume.ephemeral && !isClaimOfPod(claim, pod.pod)) {
      return {
        reject: `PVC ${pod.namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`,
      };
    }
    const reject = addClaim(claim, name, snapshot, found);
    if (reject) return { reject };
  }
  return found;
}

function addClaim(claim: Claim, name: string, snapshot: Snapshot, found: PodClaims): string | undefined {
  const { volumeName } = claim.spec ?? {};
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  if (claim.status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volumeName ?? ''}"`;
  if (volumeName && claim.status?.phase === 'Bound') {
    const volume = snapshot.volume(volumeName);
    if (volume) found.bound.push(volume);
    return undefined;
  }
  const storageClass = snapshot.storageClass(classOfClaim(claim));
  if (volumeName || !storageClass || !waitsForConsumer(storageClass))
    return 'pod has unbound immediate PersistentVolumeClaims';
  found.waiting.push({ claim, storageClass });
  return undefined;
}

/** How the waiting claims get their volumes on this node; undefined where they do not. */
export function bindingsOn(
  { waiting }: PodClaims,
  node: NodeInfo,
  volumes: Iterable<Volume>,
): VolumeBindings | undefined {
  const bindings: VolumeBindings = { reserve: [], provision: [] };
  const free = new Set(volumes);
  for (const { claim, storageClass } of waiting) {
    const selected = claim.metadata.annotations?.[storageAnnotations.selectedNode];
    if (selected !== undefined) {
      if (selected !== node.name) return undefined;
      bindings.provision.push(claim);
      continue;
    }
    const volume = findVolume(claim, free, { node });
    if (volume) {
      free.delete(volume);
      bindings.reserve.push({ claim, volume });
    } else if (storageClass.provisioner === noProvisioner || !isAllowed(storageClass, node)) {
      return undefined;
    } else {
      bindings.provision.push(claim);
    }
  }
  return bindings;
}

export function reachesAll({ bound }: PodClaims, node: NodeInfo): boolean {
  return bound.every(volume => reachable(volume, node));
}

/** Whether the class makes volumes for this node. */
function isAllowed({ allowedTopologies = [] }: StorageClass, node: NodeInfo): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? '')),
  );
}
