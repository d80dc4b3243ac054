import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from '../../api/generated/types.ts';
import { type LabelSelector, matchesLabels, selectorFromSet } from '../../api/label-selector.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import { findCondition, withoutCondition } from '../conditions.ts';
import { sortForDeletion } from '../pods/deletion-order.ts';
import { availableIn, isReady } from '../pods/pod-state.ts';

/** So many pods are created or deleted in one go at most. */
const burst = 500;

export interface ReplicaPlan {
  create: number;
  delete: Stored<Pod>[];
}

/**
 * How many pods are to be created, or which are to go.
 *
 * @param sameNode how many pods of the same workload are on a pod's node.
 */
export function planReplicas(
  active: readonly Stored<Pod>[],
  replicas: number,
  sameNode: (pod: Stored<Pod>) => number,
  now: number,
): ReplicaPlan {
  const surplus = active.length - replicas;
  if (surplus < 0) return { create: Math.min(-surplus, burst), delete: [] };
  if (surplus === 0) return { create: 0, delete: [] };
  const order = surplus === active.length ? [...active] : sortForDeletion(active, sameNode, now);
  return { create: 0, delete: order.slice(0, Math.min(surplus, burst)) };
}

export interface StatusInput {
  active: readonly Stored<Pod>[];
  terminating: readonly Stored<Pod>[];
  templateLabels: Readonly<Record<string, string>>;
  minReadySeconds: number;
  generation: number | undefined;
  present: ReplicaSetStatus | undefined;
  /** What went wrong with creating or deleting pods in this pass. */
  failure?: { reason: 'FailedCreate' | 'FailedDelete'; message: string };
  now: number;
}

/** The status of a ReplicaSet or ReplicationController. */
export function replicaStatus(input: StatusInput): ReplicaSetStatus {
  const { active, terminating, minReadySeconds, generation, now } = input;
  const selector: LabelSelector = selectorFromSet(input.templateLabels);
  const status: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(pod => matchesLabels(selector, pod.metadata.labels ?? {})).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter(pod => availableIn(pod, minReadySeconds, now) === 0).length,
    terminatingReplicas: terminating.length,
    observedGeneration: generation,
    conditions: failureConditions(input),
  };
  return status;
}

function failureConditions({ present, failure, now }: StatusInput): ReplicaSetCondition[] {
  const conditions = present?.conditions ?? [];
  const type = 'ReplicaFailure';
  if (!failure) return withoutCondition(conditions, type);
  const before = findCondition(conditions, type);
  if (before?.reason === failure.reason) return [...conditions];
  const lastTransitionTime = formatTime(now);
  return [...withoutCondition(conditions, type), { type, status: 'True', ...failure, lastTransitionTime }];
}

/** Milliseconds until the next ready pod becomes available; undefined where none is on its way. */
export function nextAvailability(
  active: readonly Stored<Pod>[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  const waits = active.map(pod => availableIn(pod, minReadySeconds, now) ?? 0).filter(wait => wait > 0);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}
