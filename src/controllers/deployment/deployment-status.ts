import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime, timeOf } from '../../api/time.ts';
import { findCondition, setCondition, withoutCondition } from '../conditions.ts';
import { fencepostsOf, replicasOf, totalAvailable, totalReplicas } from './rolling-plan.ts';

/** What stands for "no deadline" in `progressDeadlineSeconds`. */
const noDeadline = 2 ** 31 - 1;

export function hasDeadline({ spec }: Deployment): boolean {
  return spec?.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline;
}

export function deploymentCondition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = formatTime(now);
  return { type, status, reason, message, lastUpdateTime: time, lastTransitionTime: time };
}

function sum(
  sets: readonly Stored<ReplicaSet>[],
  field: 'replicas' | 'readyReplicas' | 'terminatingReplicas',
): number {
  return sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);
}

/** The counts over all ReplicaSets and the Available condition; the other conditions as they were. */
export function countStatus(
  deployment: Stored<Deployment>,
  sets: readonly Stored<ReplicaSet>[],
  newSet: Stored<ReplicaSet> | undefined,
  now: number,
): DeploymentStatus {
  const available = totalAvailable(sets);
  const enough = replicasOf(deployment.spec) - fencepostsOf(deployment).maxUnavailable;
  const condition =
    available >= enough
      ? deploymentCondition(
          'Available',
          'True',
          'MinimumReplicasAvailable',
          'Deployment has minimum availability.',
          now,
        )
      : deploymentCondition(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
          now,
        );
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(sets, 'replicas'),
    updatedReplicas: newSet ? (newSet.status?.replicas ?? 0) : 0,
    readyReplicas: sum(sets, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(sets) - available),
    terminatingReplicas: sum(sets, 'terminatingReplicas'),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: setCondition(deployment.status?.conditions ?? [], condition),
  };
}

/** Whether everything runs the newest version and nothing else does. */
export function isComplete(deployment: Stored<Deployment>, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment.spec);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** When the rollout runs into its deadline, milliseconds since the epoch; undefined where it can't. */
export function deadlineOf(
  deployment: Deployment,
  conditions: readonly DeploymentCondition[],
): number | undefined {
  const progressing = findCondition(conditions, 'Progressing');
  if (!hasDeadline(deployment) || !progressing) return undefined;
  if (progressing.reason === 'NewReplicaSetAvailable') return undefined;
  return timeOf(progressing.lastUpdateTime) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
}

/** The status after a step of a rollout: the counts, how it gets on, and what its ReplicaSets fail at. */
export function rolloutStatus(
  deployment: Stored<Deployment>,
  sets: readonly Stored<ReplicaSet>[],
  newSet: Stored<ReplicaSet> | undefined,
  now: number,
): DeploymentStatus {
  const status = countStatus(deployment, sets, newSet, now);
  const conditions = progressConditions(deployment, status, newSet, now);
  return { ...status, conditions: withFailure(conditions, sets, newSet) };
}

function progressConditions(
  deployment: Stored<Deployment>,
  status: DeploymentStatus,
  newSet: Stored<ReplicaSet> | undefined,
  now: number,
): DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const present = findCondition(conditions, 'Progressing');
  const done = status.replicas === status.updatedReplicas && present?.reason === 'NewReplicaSetAvailable';
  if (done) return conditions;
  const subject = newSet
    ? `ReplicaSet "${newSet.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  const condition = (status: 'True' | 'False', reason: string, what: string) =>
    deploymentCondition('Progressing', status, reason, `${subject} ${what}`, now);
  if (isComplete(deployment, status)) {
    return setCondition(
      conditions,
      condition('True', 'NewReplicaSetAvailable', 'has successfully progressed.'),
    );
  }
  if (isProgressing(deployment.status ?? {}, status)) {
    const next = condition('True', 'ReplicaSetUpdated', 'is progressing.');
    // Set anew also where reason and status stay: its update time is what the deadline counts from.
    if (present?.status === 'True') next.lastTransitionTime = present.lastTransitionTime;
    return [...withoutCondition(conditions, 'Progressing'), next];
  }
  const deadline = deadlineOf(deployment, deployment.status?.conditions ?? []);
  if (present?.reason === 'ProgressDeadlineExceeded' || (deadline !== undefined && deadline < now)) {
    return setCondition(
      conditions,
      condition('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'),
    );
  }
  return conditions;
}

/** The ReplicaFailure of the newest ReplicaSet that has one. */
function withFailure(
  conditions: readonly DeploymentCondition[],
  sets: readonly Stored<ReplicaSet>[],
  newSet: Stored<ReplicaSet> | undefined,
): DeploymentCondition[] {
  const failing = newSet ? [newSet, ...sets] : sets;
  for (const { status } of failing) {
    const found = findCondition(status?.conditions, 'ReplicaFailure');
    if (!found) continue;
    const { type, status: value, reason, message, lastTransitionTime } = found;
    const next = {
      type,
      status: value,
      reason,
      message,
      lastTransitionTime,
      lastUpdateTime: lastTransitionTime,
    };
    return setCondition(conditions, next);
  }
  return withoutCondition(conditions, 'ReplicaFailure');
}
