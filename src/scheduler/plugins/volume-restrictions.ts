import type { PreFilter, Rejection, SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const inUse: Rejection = {
  reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'],
  unresolvable: false,
};

/**
 * A claim of access mode ReadWriteOncePod is had by one pod of the cluster. Where that one is less important,
 * it makes room on its own node.
 */
export const volumeRestrictions: SchedulingPlugin = {
  name: 'VolumeRestrictions',
  weight: 0,
  requeueOn: ['node.added', 'pod.deleted', 'volume.changed'],
  prepare(pod, snapshot): PreFilter | undefined {
    const claims = new Set(
      claimNames(pod).filter(name => {
        const modes = snapshot.claim(pod.namespace, name)?.spec?.accessModes;
        return modes?.includes('ReadWriteOncePod');
      }),
    );
    if (claims.size === 0) return undefined;
    const users = [...snapshot.nodes.values()].filter(node => hasUser(node, pod, claims));
    return {
      filter: node =>
        users.some(user => user.name !== node.name) || hasUser(node, pod, claims) ? inUse : undefined,
    };
  },
};

function hasUser({ pods }: NodeInfo, { uid, namespace }: PodInfo, claims: ReadonlySet<string>): boolean {
  for (const other of pods.values()) {
    if (other.uid === uid || other.namespace !== namespace) continue;
    if (claimNames(other).some(name => claims.has(name))) return true;
  }
  return false;
}

/** Of claims by name; those of ephemeral volumes are the pod's own. */
function claimNames({ pod }: PodInfo): string[] {
  return (pod.spec?.volumes ?? []).flatMap(volume => volume.persistentVolumeClaim?.claimName ?? []);
}
