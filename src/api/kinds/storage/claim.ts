import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../generated/types.ts';
import { semanticEqual } from '../equality.ts';
import { metadataPath, root, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { canonicalize, compareText } from '../quantities.ts';
import { specDiff } from '../spec-diff.ts';
import { defaultClaimSpec } from './claim-defaults.ts';
import { checkClaimSpec } from './claim-spec.ts';
import { checkClaimStatus } from './claim-status.ts';

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
  validateStatusUpdate: (claim, _old, out) => checkClaimStatus(claim, out),
};

const betaClass = 'volume.beta.kubernetes.io/storage-class';

function checkChange(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, out: Findings): void {
  const [now, was] = [claim.spec ?? {}, old.spec ?? {}];
  const munged = { ...now, volumeAttributesClassName: was.volumeAttributesClassName };
  const before = { ...was };
  if (!was.volumeName) before.volumeName = now.volumeName;
  checkClassChange(claim, old, munged, out);
  if (claim.status?.phase === 'Bound' && now.resources?.requests) {
    const requests = { ...now.resources.requests, storage: was.resources?.requests?.storage };
    munged.resources = { ...now.resources, requests: requests as Record<string, string> };
  }
  if (!semanticEqual(munged, before)) out.forbidden(specPath, `${onlyThese}\n${specDiff(before, munged)}`);
  const [newSize, oldSize] = [now.resources?.requests?.storage, was.resources?.requests?.storage];
  if (compareText(newSize, oldSize) < 0 && compareText(newSize, old.status?.capacity?.storage) <= 0) {
    const at = specPath.child('resources', 'requests', 'storage');
    out.forbidden(at, 'field can not be less than status.capacity');
  }
  checkImmutable(now.volumeMode, was.volumeMode, root('volumeMode'), out);
  const attributes = now.volumeAttributesClassName;
  if (was.volumeAttributesClassName === undefined || attributes) return;
  const what = attributes === undefined ? 'nil' : 'an empty string';
  out.forbidden(
    specPath.child('volumeAttributesClassName'),
    `update from non-nil value to ${what} is forbidden`,
  );
}

/** A class may be told once: by the field where there was none, or where an annotation said the same. */
function checkClassChange(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  munged: PersistentVolumeClaimSpec,
  out: Findings,
): void {
  const told = claim.metadata?.annotations?.[betaClass];
  const before = old.metadata?.annotations?.[betaClass];
  const [now, was] = [claim.spec?.storageClassName, old.spec?.storageClassName];
  const fromNothing = was === undefined && now !== undefined;
  const fromAnnotation = fromNothing && now === before;
  if (!fromAnnotation || (told !== undefined && told !== before)) {
    const at = metadataPath.child('annotations', betaClass);
    if ((told ?? '') !== (before ?? '')) out.invalid(at, told ?? '', 'field is immutable');
  }
  if (fromNothing && (before === undefined || now === before)) munged.storageClassName = was;
}
