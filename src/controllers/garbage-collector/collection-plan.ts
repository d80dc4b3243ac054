import type { OwnerReference } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** What is known about an owner: there; there and waiting for its dependents to go; not there. */
export type OwnerState = 'solid' | 'waiting' | 'absent';

export type CollectionStep =
  | { do: 'nothing' }
  /** Drops references to owners that are gone, or that wait for dependents nobody else needs. */
  | { do: 'drop-references'; uids: string[] }
  | { do: 'delete'; policy: 'Background' | 'Foreground' | 'Orphan'; unblock: boolean; why: string };

export function isWaitingForDependents({ metadata }: Stored): boolean {
  return Boolean(metadata.deletionTimestamp && metadata.finalizers?.includes(foregroundFinalizer));
}

export function isOrphaning({ metadata }: Stored): boolean {
  return Boolean(metadata.deletionTimestamp && metadata.finalizers?.includes(orphanFinalizer));
}

/**
 * What is to become of an object with these owners.
 *
 * @param dependents the objects that name this one as their owner.
 */
export function planCollection(
  object: Stored,
  owners: readonly { reference: OwnerReference; state: OwnerState }[],
  dependents: readonly Stored[],
): CollectionStep {
  const inState = (state: OwnerState) => owners.filter(owner => owner.state === state);
  const absent = inState('absent');
  const waiting = inState('waiting');
  if (owners.length === 0) return { do: 'nothing' };
  if (inState('solid').length > 0) {
    const uids = [...absent, ...waiting].map(({ reference }) => reference.uid);
    return uids.length > 0 ? { do: 'drop-references', uids } : { do: 'nothing' };
  }
  if (object.metadata.deletionTimestamp) return { do: 'nothing' };
  if (waiting.length > 0 && dependents.length > 0) {
    // A dependent that waits for its own dependents closes a circle; the references must not block it then.
    const unblock = dependents.some(isWaitingForDependents);
    return {
      do: 'delete',
      policy: 'Foreground',
      unblock,
      why: `its owner ${nameOf(waiting)} is being deleted`,
    };
  }
  const why =
    waiting.length > 0
      ? `its owner ${nameOf(waiting)} is being deleted`
      : `its owner ${nameOf(absent)} is gone`;
  return { do: 'delete', policy: policyOf(object), unblock: false, why };
}

function nameOf(owners: readonly { reference: OwnerReference }[]): string {
  const [first] = owners;
  return first ? `${first.reference.kind} ${first.reference.name}` : '';
}

/** The finalizers an object brings along say how it wants to go. */
function policyOf({ metadata: { finalizers = [] } }: Stored): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}
