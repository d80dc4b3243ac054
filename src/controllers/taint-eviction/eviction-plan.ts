import type { Taint, Toleration } from '../../api/generated/types.ts';
import { timeOf } from '../../api/time.ts';
import { toleratesTaint } from '../../api/tolerations.ts';

/**
 * When a pod has to leave a node with these taints, in milliseconds since the epoch; undefined: it may stay.
 * Every NoExecute taint must be tolerated; the shortest time that a toleration allows counts, from when the
 * taint was set.
 *
 * @param seen when the pod was first found to be affected; counts where a taint doesn't say when it was set.
 */
export function evictionTime(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
  seen: number,
): number | undefined {
  let due: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const tolerating = tolerations.filter(toleration => toleratesTaint(toleration, taint));
    if (tolerating.length === 0) return seen;
    const since = timeOf(taint.timeAdded) || seen;
    for (const { tolerationSeconds } of tolerating) {
      if (tolerationSeconds === undefined) continue;
      const at = since + Math.max(0, tolerationSeconds) * 1000;
      due = due === undefined ? at : Math.min(due, at);
    }
  }
  return due;
}
