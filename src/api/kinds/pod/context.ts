import type { ObjectMeta, PodSpec, Volume } from '../../generated/types.ts';

/** What the checks of a PodSpec's parts need to know of the whole. */
export interface PodContext {
  spec: PodSpec;
  /** The spec is that of a Pod, not of a template. */
  isPod: boolean;
  /** The pod's metadata; absent in templates, whose pods have no name yet. */
  metadata?: ObjectMeta;
  /** The valid volumes by name; filled by `checkVolumes`. */
  volumes: Map<string, Volume>;
  claimNames: Set<string>;
  /** False: the pod has a user namespace of its own. */
  hostUsers: boolean;
}

export function podContext(spec: PodSpec, isPod: boolean, metadata?: ObjectMeta): PodContext {
  return {
    spec,
    isPod,
    ...(metadata && { metadata }),
    volumes: new Map(),
    claimNames: new Set((spec.resourceClaims ?? []).map(claim => claim.name).filter(Boolean)),
    hostUsers: spec.hostUsers ?? true,
  };
}
