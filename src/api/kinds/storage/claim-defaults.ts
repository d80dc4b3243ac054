import type { PersistentVolumeClaimSpec } from '../../generated/types.ts';
import { canonicalize } from '../quantities.ts';

/** What any claim's spec gets: those in StatefulSets and ephemeral volumes too. In place. */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
  canonicalize(spec.resources.requests);
  canonicalize(spec.resources.limits);
  const source = spec.dataSource;
  const reference = spec.dataSourceRef;
  // The two name the same thing; each is filled from the other unless the reference crosses namespaces.
  if (source && !reference) spec.dataSourceRef = { ...source };
  else if (reference && !source && !reference.namespace) {
    const { kind, name, apiGroup } = reference;
    spec.dataSource = { kind, name, ...(apiGroup !== undefined && { apiGroup }) };
  }
}
