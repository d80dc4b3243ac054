import type { Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { isReady, podCondition, restarts } from './pod-state.ts';

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Sorts the pods that are to go first to the front, as kube-controller-manager's `ActivePodsWithRanks`:
 * without a node; pending before running; not ready; lower deletion cost; on a node with more of the same
 * workload; ready for less long (by orders of magnitude, so that equals are told apart by uid); more restarts; younger.
 *
 * @param sameNode how many pods of the workload are on the pod's node.
 */
export function sortForDeletion(
  pods: readonly Stored<Pod>[],
  sameNode: (pod: Stored<Pod>) => number,
  now: number,
): Stored<Pod>[] {
  return [...pods].sort(
    (a, b) =>
      Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
      rank(a) - rank(b) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      deletionCost(a) - deletionCost(b) ||
      sameNode(b) - sameNode(a) ||
      magnitude(now, readySince(a)) - magnitude(now, readySince(b)) ||
      restarts(b) - restarts(a) ||
      magnitude(now, timeOf(a.metadata.creationTimestamp)) -
        magnitude(now, timeOf(b.metadata.creationTimestamp)) ||
      (a.metadata.uid < b.metadata.uid ? -1 : 1),
  );
}

function rank(pod: Pod): number {
  return phaseRank[pod.status?.phase ?? 'Pending'] ?? 0;
}

function readySince(pod: Pod): number {
  return isReady(pod) ? timeOf(podCondition(pod, 'Ready')?.lastTransitionTime) : 0;
}

/** The log2 of a time's age in ns, so that ages of one order are alike; 0 where there is no time. */
function magnitude(now: number, since: number): number {
  if (since === 0) return 0;
  return Math.floor(Math.log2(Math.max(1, (now - since) * 1e6)));
}

export function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '0';
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}
