import { join } from 'node:path';
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';

/** The class of claims that name none. As on kind, its volumes are folders of the node where the pod runs. */
export const standardClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: nodeFolders.provisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

const hostnameLabel = 'kubernetes.io/hostname';

export function folderVolumeName(claim: Stored<PersistentVolumeClaim>): string {
  return `pvc-${claim.metadata.uid}`;
}

/** The volume of a claim as a folder of `node`, which makes the folder when a pod first needs it. */
export function folderVolume(
  claim: Stored<PersistentVolumeClaim>,
  storageClass: StorageClass,
  node: Stored<Node>,
): PersistentVolume | { problem: string } {
  const name = folderVolumeName(claim);
  const folder = node.metadata.annotations?.[nodeFolders.annotation];
  if (!folder) return { problem: `node "${node.metadata.name}" has no folder for volumes` };
  if (claim.spec?.volumeMode === 'Block') return { problem: 'block volumes are not supported' };
  if (claim.spec?.dataSource ?? claim.spec?.dataSourceRef)
    return { problem: 'volumes with a data source are not supported' };
  const { namespace, uid, resourceVersion } = claim.metadata;
  const hostname = node.metadata.labels?.[hostnameLabel] ?? node.metadata.name;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [storageAnnotations.provisionedBy]: nodeFolders.provisioner } },
    spec: {
      accessModes: claim.spec?.accessModes,
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      claimRef: {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim.metadata.name },
        ...{ uid, resourceVersion },
      },
      local: { path: join(folder, `${name}_${namespace}_${claim.metadata.name}`) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata?.name,
      volumeMode: 'Filesystem',
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
    },
  };
}
