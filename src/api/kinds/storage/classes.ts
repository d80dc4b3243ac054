import type { StorageClass, TopologySelectorTerm, VolumeAttributesClass } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { checkOneOf } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabelKey } from '../metadata.ts';

const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const reclaimPolicies = ['Delete', 'Retain'];
const maxParameters = 512;
const maxParameterBytes = 256 * 1024;

export const storageClassRules: KindRules<StorageClass> = {
  defaults(storage) {
    storage.reclaimPolicy ??= 'Delete';
    storage.volumeBindingMode ??= 'Immediate';
  },
  validate: checkStorageClass,
  validateUpdate(storage, old, out) {
    checkStorageClass(storage, out);
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (semanticEqual(storage[field], old[field])) continue;
      out.forbidden(root(field), `updates to ${field} are forbidden.`);
    }
    checkImmutable(storage.volumeBindingMode, old.volumeBindingMode, root('volumeBindingMode'), out);
  },
};

function checkStorageClass(storage: StorageClass, out: Findings): void {
  checkProvisioner(storage.provisioner, root('provisioner'), out);
  checkParameters(storage.parameters ?? {}, out);
  const policy = storage.reclaimPolicy;
  if (policy && !reclaimPolicies.includes(policy)) {
    out.notSupported(root('reclaimPolicy'), policy, reclaimPolicies);
  }
  checkOneOf(storage.volumeBindingMode, bindingModes, root('volumeBindingMode'), out);
  const terms = storage.allowedTopologies ?? [];
  terms.forEach((term, i) => {
    const at = root('allowedTopologies').index(i);
    checkTopology(term, at, out);
    const same = terms.slice(0, i).some(other => semanticEqual(topologyOf(other), topologyOf(term)));
    if (same) out.duplicate(at.child('matchLabelExpressions'), '');
  });
}

function checkProvisioner(provisioner: string | undefined, at: FieldPath, out: Findings): void {
  if (!provisioner) out.required(at, provisioner);
  else {
    const name = provisioner.toLowerCase();
    out.invalidAll(at, name, qualifiedNameErrors(name));
  }
}

function checkParameters(parameters: Record<string, string>, out: Findings): void {
  const at = root('parameters');
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) {
    out.tooLong(at, maxParameters);
    return;
  }
  if (entries.some(([name]) => name === '')) out.invalid(at, '', 'field can not be empty.');
  const bytes = entries.reduce((sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v), 0);
  if (bytes > maxParameterBytes) out.tooLong(at, maxParameterBytes);
}

function topologyOf({ matchLabelExpressions }: TopologySelectorTerm): object {
  return Object.fromEntries(
    (matchLabelExpressions ?? []).map(({ key, values }) => [key, [...new Set(values)].sort()]),
  );
}

function checkTopology({ matchLabelExpressions }: TopologySelectorTerm, at: FieldPath, out: Findings): void {
  const keys = new Set<string>();
  (matchLabelExpressions ?? []).forEach(({ key = '', values = [] }, i) => {
    const here = at.child('matchLabelExpressions').index(i);
    if (values.length === 0) out.required(here.child('values'));
    values.forEach((value, j) => {
      if (values.indexOf(value) < j) out.duplicate(here.child('values').index(j), value);
    });
    checkLabelKey(key, here.child('key'), out);
    if (keys.has(key)) out.duplicate(here.child('key'), key);
    keys.add(key);
  });
}

export const attributesClassRules: KindRules<VolumeAttributesClass> = {
  validate: checkAttributesClass,
  validateUpdate(attributes, old, out) {
    for (const field of ['driverName', 'parameters'] as const) {
      if (semanticEqual(attributes[field], old[field])) continue;
      out.forbidden(root(field), `updates to ${field} are forbidden.`);
    }
    checkAttributesClass(attributes, out);
  },
};

function checkAttributesClass({ driverName, parameters = {} }: VolumeAttributesClass, out: Findings): void {
  checkProvisioner(driverName, root('driverName'), out);
  checkParameters(parameters, out);
  if (Object.keys(parameters).length === 0) {
    out.required(root('parameters'), 'must contain at least one key/value pair');
  }
}
