import { checkNonNegative } from '../checks.ts';
import { statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/** Counts of replicas: none negative, none more than there are. `fields` in the order of their findings. */
export function checkReplicaStatus(status: object, fields: readonly string[], out: Findings): void {
  const counts = status as Record<string, number | undefined>;
  for (const field of fields) checkNonNegative(counts[field], statusPath.child(field), out);
  const replicas = counts.replicas ?? 0;
  for (const field of ['fullyLabeledReplicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas']) {
    const count = fields.includes(field) ? counts[field] : undefined;
    if (count !== undefined && count > replicas) {
      out.invalid(statusPath.child(field), count, 'cannot be greater than status.replicas');
    }
  }
  const { readyReplicas = 0, availableReplicas = 0 } = counts;
  if (availableReplicas > readyReplicas) {
    const why = 'cannot be greater than readyReplicas';
    out.invalid(statusPath.child('availableReplicas'), availableReplicas, why);
  }
}
