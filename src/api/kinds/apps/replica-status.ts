import { checkNonNegative } from '../checks.ts';
import { statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/** Those of which there are no more than replicas. */
const parts = [
  'fullyLabeledReplicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
];

/**
 * Counts of replicas: none negative, none more than there are. `fields` in the order of their findings; `ready` as the
 * message names what is ready.
 */
export function checkReplicaStatus(
  status: object,
  fields: readonly string[],
  out: Findings,
  ready = 'readyReplicas',
): void {
  const counts = status as Record<string, number | undefined>;
  for (const field of fields) checkNonNegative(counts[field], statusPath.child(field), out);
  const replicas = counts.replicas ?? 0;
  for (const field of fields) {
    const count = counts[field] ?? 0;
    if (parts.includes(field) && count > replicas) {
      out.invalid(statusPath.child(field), count, 'cannot be greater than status.replicas');
    }
  }
  const { readyReplicas = 0, availableReplicas = 0 } = counts;
  if (availableReplicas > readyReplicas) {
    out.invalid(statusPath.child('availableReplicas'), availableReplicas, `cannot be greater than ${ready}`);
  }
}

interface Collisions {
  collisionCount?: number;
}

/** Names that collided once have done so. */
export function checkCollisions(
  status: Collisions | undefined,
  old: Collisions | undefined,
  out: Findings,
): void {
  const count = status?.collisionCount ?? 0;
  if (count >= (old?.collisionCount ?? 0)) return;
  out.invalid(statusPath.child('collisionCount'), count, 'cannot be decremented');
}
