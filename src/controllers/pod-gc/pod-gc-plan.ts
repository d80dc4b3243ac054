import type { Node, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { isFinished } from '../pods/pod-state.ts';

export type GarbageReason = 'out-of-service' | 'terminated' | 'orphaned' | 'unscheduled';

export interface PodGarbage {
  pod: Stored<Pod>;
  reason: GarbageReason;
}

const outOfService = 'node.kubernetes.io/out-of-service';

/**
 * Pods nobody will clean up: those on nodes that are gone or declared out of service, those being deleted that
 * never got a node, and the oldest of the finished ones above `threshold` (0: no limit).
 *
 * @param vanished nodes that pods name and that have been missing for a while.
 */
export function planPodGc(
  pods: readonly Stored<Pod>[],
  nodes: ReadonlyMap<string, Stored<Node>>,
  vanished: ReadonlySet<string>,
  threshold: number,
): PodGarbage[] {
  const garbage: PodGarbage[] = [];
  const finished: Stored<Pod>[] = [];
  for (const pod of pods) {
    const nodeName = pod.spec?.nodeName ?? '';
    const deleting = pod.metadata.deletionTimestamp !== undefined;
    if (deleting && nodeName === '') garbage.push({ pod, reason: 'unscheduled' });
    else if (deleting && isOutOfService(nodes.get(nodeName))) garbage.push({ pod, reason: 'out-of-service' });
    else if (vanished.has(nodeName)) garbage.push({ pod, reason: 'orphaned' });
    else if (isFinished(pod)) finished.push(pod);
  }
  const excess = threshold > 0 ? Math.max(0, finished.length - threshold) : 0;
  const oldest = finished.sort((a, b) => createdAt(a) - createdAt(b)).slice(0, excess);
  return [...garbage, ...oldest.map(pod => ({ pod, reason: 'terminated' }) as const)];
}

function isOutOfService(node: Node | undefined): boolean {
  const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return !ready && (node?.spec?.taints ?? []).some(({ key }) => key === outOfService);
}

function createdAt({ metadata }: Stored<Pod>): number {
  return timeOf(metadata.creationTimestamp);
}
