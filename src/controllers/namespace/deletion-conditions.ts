import type { NamespaceCondition } from '../../api/generated/types.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { formatTime } from '../../api/time.ts';

/** What one pass over a namespace's content left. */
export interface DeletionOutcome {
  /** Group versions of which nobody knows what they hold, one text each. */
  undiscovered: string[];
  /** What could not be deleted or listed, one text each. */
  failures: string[];
  remaining: { resource: ResourceInfo; count: number }[];
  /** By finalizer, how many of the remaining objects it holds. */
  finalizers: ReadonlyMap<string, number>;
}

/** The conditions of a namespace that is being deleted, in kube-controller-manager's words. */
export function deletionConditions(
  outcome: DeletionOutcome,
): Omit<NamespaceCondition, 'lastTransitionTime'>[] {
  const { undiscovered, failures, remaining, finalizers } = outcome;
  const counts = remaining.map(
    ({ resource: { plural, group }, count }) => `${plural}.${group} has ${count} resource instances`,
  );
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    undiscovered.length > 0
      ? condition(
          'NamespaceDeletionDiscoveryFailure',
          'DiscoveryFailed',
          `Discovery failed for some groups, ${undiscovered.length} failing: unable to retrieve the complete list of server APIs: ${undiscovered.sort().join(', ')}`,
          true,
        )
      : condition(
          'NamespaceDeletionDiscoveryFailure',
          'ResourcesDiscovered',
          'All resources successfully discovered',
        ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failures.length > 0
      ? condition(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.sort().join(', ')}`,
          true,
        )
      : condition(
          'NamespaceDeletionContentFailure',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    counts.length > 0
      ? condition(
          'NamespaceContentRemaining',
          'SomeResourcesRemain',
          `Some resources are remaining: ${counts.sort().join(', ')}`,
          true,
        )
      : condition('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.sort().join(', ')}`,
          true,
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ];
}

function condition(type: string, reason: string, message: string, bad = false) {
  return { type, status: bad ? 'True' : 'False', reason, message };
}

/** `present` with `wanted` set; a condition's transition time changes with its status only. Undefined: no change. */
export function mergeConditions(
  present: readonly NamespaceCondition[],
  wanted: readonly Omit<NamespaceCondition, 'lastTransitionTime'>[],
  now: number,
): NamespaceCondition[] | undefined {
  let changed = false;
  const merged = new Map(present.map(entry => [entry.type, entry]));
  for (const next of wanted) {
    const before = merged.get(next.type);
    if (before?.status === next.status && before.reason === next.reason && before.message === next.message) {
      continue;
    }
    changed = true;
    const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : formatTime(now);
    merged.set(next.type, { ...next, lastTransitionTime });
  }
  return changed ? [...merged.values()] : undefined;
}
