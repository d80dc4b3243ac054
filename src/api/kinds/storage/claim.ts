import type { PersistentVolumeClaim } from '../../generated/types.ts';
import { semanticEqual } from '../equality.ts';
import { root, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { canonicalize, compareText } from '../quantities.ts';
import { specDiff } from '../spec-diff.ts';
import { defaultClaimSpec } from './claim-defaults.ts';
import { checkClaimSpec } from './claim-spec.ts';

const onlyThese =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export const claimRules: KindRules<PersistentVolumeClaim> = {
  hasStatus: true,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(claim) {
    if (claim.spec) defaultClaimSpec(claim.spec);
    if (!claim.status) return;
    claim.status.phase ||= 'Pending';
    canonicalize(claim.status.capacity);
    canonicalize(claim.status.allocatedResources);
  },
  validate: (claim, out) => checkClaimSpec(claim.spec ?? {}, specPath, out),
  validateUpdate(claim, old, out) {
    checkClaimSpec(claim.spec ?? {}, specPath, out);
    checkChange(claim, old, out);
  },
};

function checkChange(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, out: Findings): void {
  const [now, was] = [claim.spec ?? {}, old.spec ?? {}];
  const bound = claim.status?.phase === 'Bound';
  const munged = { ...now };
  const before = { ...was };
  if (!was.volumeName) before.volumeName = now.volumeName;
  if (was.storageClassName === undefined) before.storageClassName = now.storageClassName;
  if (bound) {
    const requests = { ...now.resources?.requests };
    const size = was.resources?.requests?.storage;
    if (size !== undefined) requests.storage = size;
    munged.resources = { ...now.resources, requests };
    munged.volumeAttributesClassName = was.volumeAttributesClassName;
  }
  if (!semanticEqual(munged, before)) out.forbidden(specPath, `${onlyThese}\n${specDiff(before, munged)}`);
  const [newSize, oldSize] = [now.resources?.requests?.storage, was.resources?.requests?.storage];
  if (compareText(newSize, oldSize) < 0 && compareText(newSize, old.status?.capacity?.storage) <= 0) {
    const at = specPath.child('resources', 'requests', 'storage');
    out.forbidden(at, 'field can not be less than status.capacity');
  }
  checkImmutable(now.volumeMode, was.volumeMode, root('volumeMode'), out);
}
