import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../generated/types.ts';
import { labelErrors } from '../../names.ts';
import { checkOptionalOneOf, checkSubdomain } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelSelector } from '../metadata.ts';
import { signOf } from '../quantities.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];

/** The spec of a claim, wherever it stands: in a claim, a StatefulSet, an ephemeral volume. */
export function checkClaimSpec(spec: PersistentVolumeClaimSpec, at: FieldPath, out: Findings): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) out.required(at.child('accessModes'), 'at least 1 access mode is required');
  checkLabelSelector(spec.selector, at.child('selector'), out);
  checkAccessModes(modes, at.child('accessModes'), out);
  const storageAt = at.child('resources').key('storage');
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) out.required(storageAt);
  else if (signOf(storage) <= 0) out.invalid(storageAt, storage, 'must be greater than zero');
  if (spec.storageClassName) checkSubdomain(spec.storageClassName, at.child('storageClassName'), out);
  checkOptionalOneOf(spec.volumeMode, volumeModes, at.child('volumeMode'), out);
  if (spec.dataSource) checkSource(spec.dataSource, at.child('dataSource'), out);
  if (spec.dataSourceRef) checkSource(spec.dataSourceRef, at.child('dataSourceRef'), out);
  checkSourcesAgree(spec, at, out);
  if (spec.volumeAttributesClassName) {
    checkSubdomain(spec.volumeAttributesClassName, at.child('volumeAttributesClassName'), out);
  }
}

export function checkAccessModes(modes: string[], at: FieldPath, out: Findings): void {
  for (const mode of modes) if (!accessModes.includes(mode)) out.notSupported(at, mode, accessModes);
  const known = modes.filter(mode => accessModes.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some(mode => mode !== 'ReadWriteOncePod')) {
    out.forbidden(at, 'may not use ReadWriteOncePod with other access modes');
  }
}

function checkSource(source: TypedObjectReference, at: FieldPath, out: Findings): void {
  if (!source.name) out.required(at.child('name'));
  if (!source.kind) out.required(at.child('kind'));
  if (source.apiGroup) checkSubdomain(source.apiGroup, at.child('apiGroup'), out);
  else if (source.kind !== 'PersistentVolumeClaim') {
    const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    out.invalid(at, source.kind ?? '', why);
  }
  if (source.namespace)
    out.invalidAll(at.child('namespace'), source.namespace, labelErrors(source.namespace));
}

function checkSourcesAgree(spec: PersistentVolumeClaimSpec, at: FieldPath, out: Findings): void {
  const { dataSource, dataSourceRef } = spec;
  if (!dataSource || !dataSourceRef) return;
  const name = at.child('dataSource').toString();
  if (dataSourceRef.namespace) {
    out.invalid(at, name, 'may not be specified when dataSourceRef.namespace is specified');
    return;
  }
  const { namespace: _, ...reference } = dataSourceRef;
  if (!semanticEqual(dataSource, reference)) out.invalid(at, name, 'must match dataSourceRef');
}
