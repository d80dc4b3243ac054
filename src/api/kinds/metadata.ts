import type { LabelSelector, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../generated/types.ts';
import { labelErrors, labelValueErrors, qualifiedNameErrors } from '../names.ts';
import { parseApiVersion } from '../objects.ts';
import { semanticEqual } from './equality.ts';
import { type FieldPath, metadataPath } from './field-path.ts';
import type { Findings } from './findings.ts';
import type { NameRule } from './object-name.ts';

const fieldImmutable = 'field is immutable';
export const isNegative = 'must be greater than or equal to 0';

const maxAnnotationBytes = 256 * 1024;

/** metadata of a new object, after a name was generated. */
export function checkMetadata(
  meta: ObjectMeta,
  namespaced: boolean,
  nameRule: NameRule,
  out: Findings,
): void {
  if (meta.generateName) {
    out.invalidAll(metadataPath.child('generateName'), meta.generateName, nameRule(meta.generateName, true));
  }
  if (!meta.name) out.required(metadataPath.child('name'), 'name or generateName is required');
  else out.invalidAll(metadataPath.child('name'), meta.name, nameRule(meta.name, false));
  checkNamespaceField(meta, namespaced, out);
  if ((meta.generation ?? 0) < 0) out.invalid(metadataPath.child('generation'), meta.generation, isNegative);
  checkCommon(meta, out);
}

function checkNamespaceField(meta: ObjectMeta, namespaced: boolean, out: Findings): void {
  const at = metadataPath.child('namespace');
  if (!namespaced) {
    if (meta.namespace) out.forbidden(at, 'not allowed on this type');
    return;
  }
  if (!meta.namespace) out.required(at);
  else out.invalidAll(at, meta.namespace, labelErrors(meta.namespace));
}

/** metadata of an update: what may change must be right, what may not must be as it was. */
export function checkMetadataUpdate(meta: ObjectMeta, old: ObjectMeta, out: Findings): void {
  if (old.deletionTimestamp) checkNoNewFinalizers(meta, old, out);
  if (!meta.resourceVersion) {
    out.invalid(metadataPath.child('resourceVersion'), '', 'must be specified for an update');
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    out.invalid(metadataPath.child('generation'), meta.generation ?? 0, 'must not be decremented');
  }
  for (const field of ['name', 'namespace', 'uid'] as const) {
    checkImmutable(meta[field] ?? '', old[field] ?? '', metadataPath.child(field), out);
  }
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    checkImmutable(meta[field], old[field], metadataPath.child(field), out);
  }
  checkCommon(meta, out);
}

function checkNoNewFinalizers(meta: ObjectMeta, old: ObjectMeta, out: Findings): void {
  const before = new Set(old.finalizers);
  const extra = (meta.finalizers ?? []).filter(f => !before.has(f)).sort();
  if (extra.length === 0) return;
  const list = `[]string{${extra.map(f => JSON.stringify(f)).join(', ')}}`;
  out.forbidden(
    metadataPath.child('finalizers'),
    `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
  );
}

function checkCommon(meta: ObjectMeta, out: Findings): void {
  checkLabels(meta.labels, metadataPath.child('labels'), out);
  checkAnnotations(meta.annotations, metadataPath.child('annotations'), out);
  checkOwnerReferences(meta.ownerReferences ?? [], metadataPath.child('ownerReferences'), out);
  checkFinalizers(meta.finalizers ?? [], metadataPath.child('finalizers'), out);
  checkManagedFields(meta.managedFields ?? [], metadataPath.child('managedFields'), out);
}

export function checkImmutable(value: unknown, old: unknown, at: FieldPath, out: Findings): void {
  if (!semanticEqual(value, old)) out.invalid(at, value, fieldImmutable);
}

export function checkLabels(labels: Record<string, string> | undefined, at: FieldPath, out: Findings): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkLabelKey(key, at, out);
    out.invalidAll(at, value, labelValueErrors(value));
  }
}

export function checkLabelKey(key: string, at: FieldPath, out: Findings): void {
  out.invalidAll(at, key, qualifiedNameErrors(key));
}

export function checkAnnotations(
  annotations: Record<string, string> | undefined,
  at: FieldPath,
  out: Findings,
): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    out.invalidAll(at, key, qualifiedNameErrors(key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) out.tooLong(at, maxAnnotationBytes);
}

/** Upstream's names of the rest of a metadata's fields, in its order. */
const notInTemplates = [
  'Name',
  'GenerateName',
  'Namespace',
  'SelfLink',
  'UID',
  'ResourceVersion',
  'Generation',
  'CreationTimestamp',
  'DeletionTimestamp',
  'DeletionGracePeriodSeconds',
  'OwnerReferences',
  'Finalizers',
  'ManagedFields',
];

/** Of a template for other objects: annotations and labels, and nothing else. */
export function checkMetadataOfTemplate(
  metadata: ObjectMeta | undefined,
  at: FieldPath,
  out: Findings,
): void {
  checkAnnotations(metadata?.annotations, at.child('annotations'), out);
  checkLabels(metadata?.labels, at.child('labels'), out);
  const fields = new Map(Object.entries(metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of notInTemplates) {
    const value = fields.get(name.toLowerCase());
    if (value === undefined || value === '' || value === 0) continue;
    out.forbidden(at.child(name), 'cannot be set');
  }
}

function checkOwnerReferences(references: OwnerReference[], at: FieldPath, out: Findings): void {
  let controller = '';
  for (const reference of references) {
    checkOwnerReference(reference, at, out);
    if (!reference.controller) continue;
    const named = `${reference.kind}/${reference.name}`;
    if (controller === '') {
      controller = named;
      continue;
    }
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${named}`;
    out.invalid(at, references, why);
  }
}

function checkOwnerReference(reference: OwnerReference, at: FieldPath, out: Findings): void {
  const { group, version } = parseApiVersion(reference.apiVersion ?? '');
  if (!version) out.invalid(at.child('apiVersion'), reference.apiVersion ?? '', 'version must not be empty');
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!reference[field]) out.invalid(at.child(field), '', 'must not be empty');
  }
  if (group === '' && version === 'v1' && reference.kind === 'Event') {
    out.invalid(at, reference, '/v1, Kind=Event is disallowed from being an owner');
  }
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function checkFinalizers(finalizers: string[], at: FieldPath, out: Findings): void {
  finalizers.forEach((finalizer, i) => {
    out.invalidAll(at, finalizer, qualifiedNameErrors(finalizer));
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return;
    out.invalid(
      at.index(i),
      finalizer,
      'name is neither a standard finalizer name nor is it fully qualified',
    );
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    out.invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
  }
}

function checkManagedFields(entries: ManagedFieldsEntry[], at: FieldPath, out: Findings): void {
  entries.forEach((entry, i) => {
    const here = at.index(i);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      out.invalid(here.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`');
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      out.invalid(here.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`');
    }
    if (Buffer.byteLength(entry.manager ?? '') > 128) out.tooLong(here.child('manager'), 128);
  });
}

/** A LabelSelector of a spec: operators, value counts, keys and values. */
export function checkLabelSelector(selector: LabelSelector | undefined, at: FieldPath, out: Findings): void {
  if (!selector) return;
  checkLabels(selector.matchLabels, at.child('matchLabels'), out);
  (selector.matchExpressions ?? []).forEach((expression, i) => {
    const here = at.child('matchExpressions').index(i);
    const count = expression.values?.length ?? 0;
    if (expression.operator === 'In' || expression.operator === 'NotIn') {
      if (count === 0)
        out.required(here.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (expression.operator === 'Exists' || expression.operator === 'DoesNotExist') {
      if (count > 0) {
        out.forbidden(
          here.child('values'),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    } else {
      out.invalid(here.child('operator'), expression.operator ?? '', 'not a valid selector operator');
    }
    checkLabelKey(expression.key ?? '', here.child('key'), out);
    (expression.values ?? []).forEach((value, j) => {
      out.invalidAll(here.child('values').index(j), value, labelValueErrors(value));
    });
  });
}

/** Whether a selector selects nothing in particular: no labels, no expressions. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return (
    Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
  );
}
