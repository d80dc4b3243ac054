import type { CounterSet, Device, ResourceSlice, ResourceSliceSpec } from '../../generated/types.ts';
import { checkLabelName, checkSubdomain } from '../checks.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { checkNodeSelector } from '../pod/affinity.ts';
import { canonicalText } from '../quantities.ts';
import { checkDriverName } from '../storage/driver-name.ts';
import { checkCounters, checkDevice } from './device.ts';
import { checkSet } from './lists.ts';
import { checkPoolName } from './names.ts';

const maxDevices = 128;
/** Of those that have taints or use counters. */
const maxSpecialDevices = 64;
const maxCounterSets = 8;

export const resourceSliceRules: KindRules<ResourceSlice> = {
  hasGeneration: true,
  defaults: ({ spec }) => canonicalizeAmounts(spec),
  prepareForCreate: dropAlphaFields,
  prepareForUpdate: dropAlphaFields,
  validate: (slice, out) => checkSpec(slice.spec ?? {}, undefined, out),
  validateUpdate(slice, old, out) {
    const [now, was] = [slice.spec ?? {}, old.spec ?? {}];
    checkSpec(now, was, out);
    checkImmutable(now.pool?.name, was.pool?.name, specPath.child('pool', 'name'), out);
    checkImmutable(now.driver, was.driver, specPath.child('driver'), out);
    checkImmutable(now.nodeName, was.nodeName, specPath.child('nodeName'), out);
  },
};

function canonicalizeAmounts(spec: ResourceSliceSpec | undefined): void {
  const amounts = [
    ...(spec?.sharedCounters ?? []).flatMap(set => Object.values(set.counters ?? {})),
    ...(spec?.devices ?? []).flatMap(device => [
      ...Object.values(device.capacity ?? {}),
      ...(device.consumesCounters ?? []).flatMap(use => Object.values(use.counters ?? {})),
    ]),
  ];
  for (const amount of amounts) if (amount.value !== undefined) amount.value = canonicalText(amount.value);
  for (const device of spec?.devices ?? []) {
    for (const { requestPolicy: policy } of Object.values(device.capacity ?? {})) {
      if (policy?.default !== undefined) policy.default = canonicalText(policy.default);
      if (policy?.validValues) policy.validValues = policy.validValues.map(canonicalText);
      const range = policy?.validRange;
      for (const bound of ['min', 'max', 'step'] as const) {
        const value = range?.[bound];
        if (range && value !== undefined) range[bound] = canonicalText(value);
      }
    }
  }
}

/** Lists as attributes and mappings to the resources of nodes are not in 1.36 by default. */
function dropAlphaFields({ spec }: ResourceSlice): void {
  for (const device of spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) {
      for (const list of ['bools', 'ints', 'strings', 'versions'] as const) delete attribute[list];
    }
  }
}

function checkSpec(
  spec: Partial<ResourceSliceSpec>,
  old: Partial<ResourceSliceSpec> | undefined,
  out: Findings,
): void {
  checkDriverName(spec.driver, specPath.child('driver'), out);
  checkPool(spec, out);
  checkNodes(spec, out);
  const { devices, sharedCounters } = spec;
  if (sharedCounters && devices) {
    out.invalid(specPath, '', 'only one of `sharedCounters` or `devices` is allowed');
  }
  const special = devices?.some(device => device.taints?.length || device.consumesCounters?.length);
  const check = (device: Device, at: FieldPath) => {
    const before = old?.devices?.find(({ name }) => name === device.name);
    checkDevice(device, before, spec.perDeviceNodeSelection === true, at, out);
  };
  const limit = special ? maxSpecialDevices : maxDevices;
  checkSet(devices, limit, check, ({ name }) => name ?? '', specPath.child('devices'), out);
  const setsAt = specPath.child('sharedCounters');
  checkSet(sharedCounters, maxCounterSets, checkCounterSet, ({ name }) => name ?? '', setsAt, out);
}

function checkPool({ pool }: Partial<ResourceSliceSpec>, out: Findings): void {
  const at = specPath.child('pool');
  const { name, resourceSliceCount = 0, generation = 0 } = pool ?? {};
  checkPoolName(name, at.child('name'), out);
  if (resourceSliceCount <= 0) {
    out.invalid(at.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero');
  }
  if (generation < 0)
    out.invalid(at.child('generation'), generation, 'must be greater than or equal to zero');
}

const oneOfNodes =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

function checkNodes(spec: Partial<ResourceSliceSpec>, out: Findings): void {
  const { nodeName, nodeSelector } = spec;
  const set: string[] = [];
  if (nodeName) {
    set.push('`nodeName`');
    checkSubdomain(nodeName, specPath.child('nodeName'), out);
  } else if (nodeName !== undefined) {
    out.invalid(specPath.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string');
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    const at = specPath.child('nodeSelector');
    checkNodeSelector(nodeSelector, at, out);
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      out.invalid(at.child('nodeSelectorTerms'), terms, 'must have exactly one node selector term');
    }
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field]) set.push(`\`${field}\``);
    else if (spec[field] === false) {
      out.invalid(specPath.child(field), false, 'must be either unset or set to true');
    }
  }
  if (set.length === 0) out.required(specPath, oneOfNodes);
  else if (set.length > 1) {
    out.invalid(specPath, `{${set.join(', ')}}`, `${oneOfNodes}, but multiple fields are set`);
  }
}

function checkCounterSet({ name, counters }: CounterSet, at: FieldPath, out: Findings): void {
  if (name) checkLabelName(name, at.child('name'), out);
  else out.required(at.child('name'));
  checkCounters(counters, at.child('counters'), out);
}
