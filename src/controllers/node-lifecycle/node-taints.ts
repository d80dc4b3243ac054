import type { Node, Taint } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';

/** Condition type and status → the taint it means. */
const conditionTaints: readonly (readonly [string, string, string])[] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
];

const owned = new Set([
  ...conditionTaints.map(([, , key]) => `${key}:NoSchedule`),
  'node.kubernetes.io/unschedulable:NoSchedule',
  `${notReadyTaint}:NoExecute`,
  `${unreachableTaint}:NoExecute`,
]);

/** Whether pods may be driven off a node that is not ready. */
export type Disruption = 'evict' | 'hold' | 'calm';

/**
 * How far eviction goes, of a cluster with so many nodes: where no node is ready the fault is likely ours, and
 * nothing is driven off (`calm`); where most are not, nothing more is (`hold`). kube-controller-manager's
 * zone states, for one zone of at most 50 nodes.
 */
export function disruptionOf(nodes: { total: number; notReady: number }): Disruption {
  const { total, notReady } = nodes;
  if (total > 0 && notReady === total) return 'calm';
  return notReady > 2 && notReady / total >= 0.55 ? 'hold' : 'evict';
}

/** The taints the node should have; undefined where it has them. Those of others are left as they are. */
export function planTaints(node: Node, disruption: Disruption, now: number): Taint[] | undefined {
  const present = node.spec?.taints ?? [];
  const wanted = wantedTaints(node, disruption, present);
  const kept = present.filter(
    taint => !owned.has(id(taint)) || wanted.some(other => id(other) === id(taint)),
  );
  const missing = wanted.filter(taint => !present.some(other => id(other) === id(taint)));
  if (missing.length === 0 && kept.length === present.length) return undefined;
  const timeAdded = formatTime(now);
  return [...kept, ...missing.map(taint => ({ ...taint, timeAdded }))];
}

function wantedTaints(node: Node, disruption: Disruption, present: readonly Taint[]): Taint[] {
  const conditions = node.status?.conditions ?? [];
  const wanted: Taint[] = [];
  for (const [type, status, key] of conditionTaints) {
    if (conditions.some(condition => condition.type === type && condition.status === status)) {
      wanted.push({ key, effect: 'NoSchedule' });
    }
  }
  if (node.spec?.unschedulable) {
    wanted.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  }
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  const key = ready === 'False' ? notReadyTaint : ready === 'Unknown' ? unreachableTaint : undefined;
  const allowed =
    disruption === 'evict' ||
    (disruption === 'hold' && present.some(({ effect, key }) => effect === 'NoExecute' && isHealth(key)));
  if (key && allowed) wanted.push({ key, effect: 'NoExecute' });
  return wanted;
}

function isHealth(key: string): boolean {
  return key === notReadyTaint || key === unreachableTaint;
}

function id({ key, effect }: Taint): string {
  return `${key}:${effect}`;
}
