import type { PersistentVolumeClaim } from '../../api/generated/types.ts';
import { matchesNodeTerms } from '../../api/node-selector.ts';
import type { PreFilter, Rejection, SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const wrongNode: Rejection = {
  reasons: ["node(s) didn't match PersistentVolume's node affinity"],
  unresolvable: true,
};

/**
 * Pods wait until their claims are bound, then go where the volumes can be reached. Volumes are not
 * provisioned or bound here: a claim that waits for its first consumer keeps its pod pending.
 */
export const volumeBinding: SchedulingPlugin = {
  name: 'VolumeBinding',
  weight: 0,
  requeueOn: ['node.added', 'node.labels', 'volume.changed'],
  prepare(pod, snapshot): PreFilter | undefined {
    const names = claimNames(pod);
    if (names.length === 0) return undefined;
    const filters: ((node: NodeInfo) => boolean)[] = [];
    for (const name of names) {
      const claim = snapshot.claim(pod.namespace, name);
      if (!claim) return { reject: `persistentvolumeclaim "${name}" not found` };
      const reject = unusable(claim, name);
      if (reject) return { reject };
      const required = snapshot.volume(claim.spec?.volumeName ?? '')?.spec?.nodeAffinity?.required;
      if (required) filters.push(node => matchesNodeTerms(required.nodeSelectorTerms, node));
    }
    return { filter: node => (filters.every(fits => fits(node)) ? undefined : wrongNode) };
  },
};

function claimNames({ pod }: PodInfo): string[] {
  const names: string[] = [];
  for (const { persistentVolumeClaim, ephemeral, name } of pod.spec?.volumes ?? []) {
    if (persistentVolumeClaim) names.push(persistentVolumeClaim.claimName);
    else if (ephemeral) names.push(`${pod.metadata.name}-${name}`);
  }
  return names;
}

function unusable(claim: PersistentVolumeClaim, name: string): string | undefined {
  if (claim.metadata?.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  }
  if (!claim.spec?.volumeName || claim.status?.phase !== 'Bound') {
    return 'pod has unbound immediate PersistentVolumeClaims';
  }
  return undefined;
}
