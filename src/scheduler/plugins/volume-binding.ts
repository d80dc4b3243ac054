import type { PreFilter, Rejection, SchedulingPlugin } from '../framework.ts';
import { bindingsOn, podClaims, reachesAll } from '../volume-claims.ts';

const wrongNode: Rejection = {
  reasons: ["node(s) didn't match PersistentVolume's node affinity"],
  unresolvable: true,
};
const nothingToBind: Rejection = {
  reasons: ["node(s) didn't find available persistent volumes to bind"],
  unresolvable: true,
};

/**
 * Pods go where their volumes can be reached. Claims of a class that waits for its first consumer need a node
 * where a volume is free or can be made; they are bound when the node is chosen (`VolumeBinder`).
 */
export const volumeBinding: SchedulingPlugin = {
  name: 'VolumeBinding',
  weight: 0,
  requeueOn: ['node.added', 'node.labels', 'volume.changed'],
  prepare(pod, snapshot): PreFilter | undefined {
    const claims = podClaims(pod, snapshot);
    if ('reject' in claims) return claims;
    if (claims.bound.length + claims.waiting.length === 0) return undefined;
    return {
      filter: node => {
        if (!reachesAll(claims, node)) return wrongNode;
        if (claims.waiting.length === 0) return undefined;
        return bindingsOn(claims, node, snapshot.volumes()) ? undefined : nothingToBind;
      },
    };
  },
};
