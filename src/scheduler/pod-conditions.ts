import type { Pod, PodCondition } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { formatTime } from '../api/time.ts';

export type PodScheduledReason = 'Unschedulable' | 'SchedulingGated' | 'SchedulerError';

/**
 * The change of status that says why a pod has no node, as a strategic merge patch; undefined where the
 * status says so already.
 *
 * @param nominatedNode the node that victims leave for it, '' to take a nomination back, undefined to leave it.
 */
export function unscheduledPatch(
  pod: Stored<Pod>,
  found: { reason: PodScheduledReason; message: string; nominatedNode?: string },
  now: number,
): { status: Record<string, unknown> } | undefined {
  const { reason, message, nominatedNode } = found;
  const present = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const status: Record<string, unknown> = {};
  if (present?.status !== 'False' || present.reason !== reason || present.message !== message) {
    const condition: PodCondition = { type: 'PodScheduled', status: 'False', reason, message };
    const { generation } = pod.metadata;
    if (generation !== undefined) condition.observedGeneration = generation;
    if (present?.status !== 'False') condition.lastTransitionTime = formatTime(now);
    status.conditions = [condition];
  }
  if (nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '')) {
    status.nominatedNodeName = nominatedNode === '' ? null : nominatedNode;
  }
  return Object.keys(status).length > 0 ? { status } : undefined;
}

/** The change that marks a pod as about to be evicted for a more important one. */
export function disruptionPatch(
  schedulerName: string,
  now: number,
): { status: { conditions: PodCondition[] } } {
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(now),
  };
  return { status: { conditions: [condition] } };
}
