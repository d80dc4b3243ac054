import type { Counter, Device, DeviceAttribute, DeviceCounterConsumption } from '../../generated/types.ts';
import { checkLabelName, checkSubdomain } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkNodeSelector } from '../pod/affinity.ts';
import { checkCapacity } from './capacity-policy.ts';
import { checkEntries, checkItems, checkSet } from './lists.ts';
import { checkQualifiedDeviceName, maxQualifiedName } from './names.ts';
import { checkBinding, checkTaint } from './taints.ts';

const maxAttributesAndCapacities = 32;
const maxTaints = 16;
const maxConsumptions = 2;
const maxCounters = 32;
const maxLabel = 63;
const maxValueBytes = 64;
const unlimited = Number.POSITIVE_INFINITY;

/** @param perDevice each device of the slice says which nodes reach it. */
export function checkDevice(
  device: Device,
  old: Device | undefined,
  perDevice: boolean,
  at: FieldPath,
  out: Findings,
): void {
  checkLabelName(device.name ?? '', at.child('name'), out);
  const { attributes = {}, capacity = {}, taints, consumesCounters } = device;
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxAttributesAndCapacities) {
    const why = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`;
    out.invalid(at, count, why);
  }
  const named = <T>(
    entries: Record<string, T>,
    field: string,
    check: (item: T, here: FieldPath, to: Findings) => void,
  ) => {
    const here = at.child(field);
    checkEntries(entries, unlimited, maxQualifiedName, checkQualifiedDeviceName, check, here, out);
  };
  named(attributes, 'attributes', checkAttribute);
  const shared = device.allowMultipleAllocations === true;
  if (!old || !semanticEqual(old.capacity, capacity)) {
    named(capacity, 'capacity', (item, here) => checkCapacity(item, shared, here, out));
  }
  if (!old || !semanticEqual(old.taints, taints)) {
    checkItems(taints, maxTaints, checkTaint, at.child('taints'), out);
  }
  const countersAt = at.child('consumesCounters');
  checkSet(consumesCounters, maxConsumptions, checkConsumption, use => use.counterSet ?? '', countersAt, out);
  checkNodes(device, perDevice, at, out);
  checkBinding(device, at, out);
}

function checkNodes(device: Device, perDevice: boolean, at: FieldPath, out: Findings): void {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return;
    const why = 'can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    out.invalid(at, undefined, `\`nodeName\`, \`nodeSelector\` and \`allNodes\` ${why}`);
    return;
  }
  const set: string[] = [];
  if (nodeName) {
    set.push('`nodeName`');
    checkSubdomain(nodeName, at.child('nodeName'), out);
  } else if (nodeName !== undefined) out.invalid(at.child('nodeName'), nodeName, 'must not be empty');
  if (nodeSelector) {
    set.push('`nodeSelector`');
    checkNodeSelector(nodeSelector, at.child('nodeSelector'), out);
  }
  if (allNodes) set.push('`allNodes`');
  else if (allNodes === false)
    out.invalid(at.child('allNodes'), false, 'must be either unset or set to true');
  if (set.length === 1) return;
  const why =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (set.length === 0) out.required(at, why);
  else out.invalid(at, `{${set.join(', ')}}`, why);
}

/** As semver.org has them. */
const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function checkAttribute(attribute: DeviceAttribute, at: FieldPath, out: Findings): void {
  const present = (['bool', 'int', 'string', 'version'] as const).filter(
    kind => attribute[kind] !== undefined,
  );
  for (const kind of ['string', 'version'] as const) {
    const value = attribute[kind];
    if (value === undefined) continue;
    if (kind === 'version' && !version.test(value)) {
      out.invalid(at.child(kind), value, 'must be a string compatible with semver.org spec 2.0.0');
    }
    if (Buffer.byteLength(value) > maxValueBytes) out.tooLong(at.child(kind), maxValueBytes);
  }
  if (present.length === 1) return;
  out.invalid(at, present.length === 0 ? '' : attribute, 'exactly one value must be specified');
}

function checkConsumption(
  { counterSet, counters }: DeviceCounterConsumption,
  at: FieldPath,
  out: Findings,
): void {
  if (counterSet) checkLabelName(counterSet, at.child('counterSet'), out);
  else out.required(at.child('counterSet'));
  checkCounters(counters, at.child('counters'), out);
}

export function checkCounters(
  counters: Readonly<Record<string, Counter>> | undefined,
  at: FieldPath,
  out: Findings,
): void {
  if (Object.keys(counters ?? {}).length === 0) out.required(at);
  else checkEntries(counters, maxCounters, maxLabel, checkLabelName, () => {}, at, out);
}
