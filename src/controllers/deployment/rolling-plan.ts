import type { Deployment, ReplicaSet } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { annotationNumber, desiredAnnotation, maxAnnotation } from './revisions.ts';

export interface Fenceposts {
  maxSurge: number;
  maxUnavailable: number;
}

/** How many replicas a ReplicaSet is to have. */
export interface Scale {
  set: Stored<ReplicaSet>;
  replicas: number;
}

/** `3` or `25%` of `total`. */
export function resolvePercent(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** How far above and below the wanted number a rollout may go; both 0 would never move. */
export function fencepostsOf({ spec }: Deployment): Fenceposts {
  if (spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {};
  const replicas = replicasOf(spec);
  const surge = resolvePercent(maxSurge, replicas, true);
  const unavailable = resolvePercent(maxUnavailable, replicas, false);
  if (surge === 0 && unavailable === 0) return { maxSurge: 0, maxUnavailable: 1 };
  return { maxSurge: surge, maxUnavailable: Math.min(unavailable, replicas) };
}

export function replicasOf(spec: { replicas?: number } | undefined): number {
  return spec?.replicas ?? 1;
}

export function totalReplicas(sets: readonly Stored<ReplicaSet>[]): number {
  return sets.reduce((sum, { spec }) => sum + replicasOf(spec), 0);
}

export function totalAvailable(sets: readonly Stored<ReplicaSet>[]): number {
  return sets.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);
}

/** What the newest ReplicaSet may grow to now, `others` being what the old ones have. */
export function newReplicas(deployment: Deployment, present: number, others: number): number {
  const wanted = replicasOf(deployment.spec);
  if (deployment.spec?.strategy?.type === 'Recreate') return wanted;
  const room = wanted + fencepostsOf(deployment).maxSurge - (present + others);
  if (room <= 0) return present;
  return present + Math.max(0, Math.min(room, wanted - present));
}

/** The change of the newest ReplicaSet in a rolling update; undefined: none. */
export function planNewSet(
  deployment: Deployment,
  newSet: Stored<ReplicaSet>,
  oldSets: readonly Stored<ReplicaSet>[],
): Scale | undefined {
  const wanted = replicasOf(deployment.spec);
  const present = replicasOf(newSet.spec);
  const replicas = present > wanted ? wanted : newReplicas(deployment, present, totalReplicas(oldSets));
  return replicas === present ? undefined : { set: newSet, replicas };
}

/**
 * What the old ReplicaSets lose in a step of a rolling update: first pods that are not available anyway, then
 * as many as leaves the wanted number minus maxUnavailable available.
 */
export function planOldSets(
  deployment: Deployment,
  newSet: Stored<ReplicaSet>,
  oldSets: readonly Stored<ReplicaSet>[],
): Scale[] {
  if (totalReplicas(oldSets) === 0) return [];
  const minAvailable = replicasOf(deployment.spec) - fencepostsOf(deployment).maxUnavailable;
  const newUnavailable = replicasOf(newSet.spec) - (newSet.status?.availableReplicas ?? 0);
  const allowed = totalReplicas([...oldSets, newSet]) - minAvailable - newUnavailable;
  if (allowed <= 0) return [];
  const replicas = new Map(oldSets.map(set => [set, replicasOf(set.spec)]));
  const oldest = [...oldSets].sort(byCreation);
  dropUnhealthy(oldest, replicas, allowed);
  dropAvailable(oldest, replicas, surelyAvailable([...oldSets, newSet]) - minAvailable);
  const changed = [...replicas].filter(([set, count]) => count !== replicasOf(set.spec));
  return changed.map(([set, count]) => ({ set, replicas: count }));
}

/** A status that is behind still counts pods that are going: no set has more available than it is to have. */
function surelyAvailable(sets: readonly Stored<ReplicaSet>[]): number {
  return sets.reduce(
    (sum, { spec, status }) => sum + Math.min(status?.availableReplicas ?? 0, replicasOf(spec)),
    0,
  );
}

type Counts = Map<Stored<ReplicaSet>, number>;

function dropUnhealthy(sets: readonly Stored<ReplicaSet>[], replicas: Counts, allowed: number): void {
  let left = allowed;
  for (const set of sets) {
    const present = replicas.get(set) ?? 0;
    const drop = Math.min(left, Math.max(0, present - (set.status?.availableReplicas ?? 0)));
    replicas.set(set, present - drop);
    left -= drop;
  }
}

function dropAvailable(sets: readonly Stored<ReplicaSet>[], replicas: Counts, allowed: number): void {
  let left = Math.max(0, allowed);
  for (const set of sets) {
    const present = replicas.get(set) ?? 0;
    const drop = Math.min(left, present);
    replicas.set(set, present - drop);
    left -= drop;
  }
}

/** Oldest first. */
export function byCreation(a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number {
  return (
    timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

/**
 * Spreads a change of `spec.replicas` in the middle of a rollout over all ReplicaSets in proportion to their
 * sizes, so that a bad new version does not get all of the growth. Outside of a rollout there is one.
 */
export function planScaling(
  deployment: Deployment,
  newSet: Stored<ReplicaSet> | undefined,
  oldSets: readonly Stored<ReplicaSet>[],
): Scale[] {
  const wanted = replicasOf(deployment.spec);
  const all = newSet ? [...oldSets, newSet] : [...oldSets];
  const active = all.filter(({ spec }) => replicasOf(spec) > 0);
  const only = active.length === 1 ? active[0] : active.length === 0 ? latestOf(newSet, oldSets) : undefined;
  if (active.length <= 1) {
    return only && replicasOf(only.spec) !== wanted ? [{ set: only, replicas: wanted }] : [];
  }
  if (newSet && isSaturated(deployment, newSet)) {
    return active.filter(set => set !== newSet).map(set => ({ set, replicas: 0 }));
  }
  return isRolling(deployment) ? planProportional(deployment, active) : [];
}

export function isRolling({ spec }: Deployment): boolean {
  return (spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

function latestOf(newSet: Stored<ReplicaSet> | undefined, oldSets: readonly Stored<ReplicaSet>[]) {
  return newSet ?? [...oldSets].sort(byCreation).at(-1);
}

function isSaturated(deployment: Deployment, set: Stored<ReplicaSet>): boolean {
  const wanted = replicasOf(deployment.spec);
  return (
    annotationNumber(set, desiredAnnotation) === wanted &&
    replicasOf(set.spec) === wanted &&
    (set.status?.availableReplicas ?? 0) === wanted
  );
}

function planProportional(deployment: Deployment, sets: Stored<ReplicaSet>[]): Scale[] {
  const wanted = replicasOf(deployment.spec);
  const limit = wanted > 0 ? wanted + fencepostsOf(deployment).maxSurge : 0;
  const toAdd = limit - totalReplicas(sets);
  // Growing favours the newer of two equals, shrinking takes from the older.
  const age = toAdd > 0 ? -1 : 1;
  sets.sort((a, b) => replicasOf(b.spec) - replicasOf(a.spec) || age * byCreation(a, b));
  let added = 0;
  const scales = sets.map(set => {
    const share = proportion(set, deployment, limit, toAdd, added);
    added += share;
    return { set, replicas: replicasOf(set.spec) + share };
  });
  const [largest] = scales;
  if (largest) largest.replicas = Math.max(0, largest.replicas + toAdd - added);
  return scales.filter(({ set, replicas }) => replicas !== replicasOf(set.spec));
}

function proportion(
  set: Stored<ReplicaSet>,
  deployment: Deployment,
  limit: number,
  toAdd: number,
  added: number,
): number {
  const present = replicasOf(set.spec);
  if (present === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = shareOf(set, deployment, limit, present);
  const left = toAdd - added;
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

function shareOf(set: Stored<ReplicaSet>, deployment: Deployment, limit: number, present: number): number {
  if (replicasOf(deployment.spec) === 0) return -present;
  // What the whole was when this ReplicaSet got its size.
  const before = annotationNumber(set, maxAnnotation) ?? deployment.status?.replicas ?? 0;
  return before === 0 ? 0 : Math.round((present * limit) / before) - present;
}
