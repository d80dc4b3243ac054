import type { ResourceQuota } from '../../../api/generated/types.ts';
import { formatAmounts, readAmounts } from '../../../api/kinds/pod-resources.ts';
import type { Stored } from '../../../api/objects.ts';
import { quantitySign } from '../../../api/quantity.ts';
import { type Evaluator, evaluatorOf, matchesQuota } from '../../../api/quota/evaluators.ts';
import {
  addUsage,
  exceeded,
  type Usage,
  usageAbove,
  usageOf,
  usageText,
  withoutZeros,
} from '../../../api/quota/usage.ts';
import { forbidden } from '../../../api/status.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** The use of each quota that a change touches, by the quota's name. */
export type Charges = ReadonlyMap<string, Usage>;

/**
 * What a change adds to each of the namespace's quotas (upstream: admission/plugin/resourcequota CheckRequest).
 * @param used what the quotas count by now: their status, and what was charged since it was read.
 * @throws ApiError 403 for what a quota does not allow.
 */
export function chargesOf(
  attributes: AdmissionAttributes,
  quotas: readonly Stored<ResourceQuota>[],
  used: (quota: Stored<ResourceQuota>) => Usage,
  now: number,
): Charges {
  const evaluator = evaluatorFor(attributes);
  if (!evaluator.handles(attributes.operation, attributes.subresource)) return new Map();
  const object = attributes.object!;
  const pertinent = quotas.filter(quota => matchesQuota(evaluator, quota, object));
  for (const quota of pertinent) checkConstraints(attributes, evaluator, quota);
  const delta = usageAdded(attributes, evaluator, now);
  const charges = new Map<string, Usage>();
  if (Object.keys(delta).length === 0) return charges;
  for (const quota of pertinent) {
    const charge = usageOf(delta, Object.keys(quota.status?.hard ?? {}));
    checkLimits(attributes, quota, charge, used(quota));
    if (Object.keys(charge).length > 0) charges.set(quota.metadata.name, charge);
  }
  return charges;
}

export function evaluatorFor({ endpoint }: AdmissionAttributes): Evaluator {
  const { storageGroup, plural } = endpoint.resource;
  return evaluatorOf(storageGroup, plural);
}

function checkConstraints(
  attributes: AdmissionAttributes,
  evaluator: Evaluator,
  { metadata, status }: Stored<ResourceQuota>,
): void {
  const names = Object.keys(status?.hard ?? {}).filter(name => evaluator.uses(name));
  const missing = evaluator.missing?.(names, attributes.object!);
  if (missing) throw refused(attributes, `failed quota: ${metadata.name}: ${missing}`);
  if (names.every(name => status?.used?.[name] !== undefined)) return;
  throw refused(
    attributes,
    `status unknown for quota: ${metadata.name}, resources: ${names.sort().join(',')}`,
  );
}

function usageAdded(attributes: AdmissionAttributes, evaluator: Evaluator, now: number): Usage {
  const { object, oldObject, operation } = attributes;
  const usage = evaluator.usage(object!, now);
  const negative = Object.keys(usage).filter(name => quantitySign(usage[name]!) < 0);
  if (negative.length > 0) {
    throw refused(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  const before = operation === 'UPDATE' && oldObject ? evaluator.usage(oldObject, now) : {};
  return withoutZeros(usageAbove(usage, before));
}

function checkLimits(
  attributes: AdmissionAttributes,
  { metadata, status }: Stored<ResourceQuota>,
  charge: Usage,
  used: Usage,
): void {
  const hard = readAmounts(status?.hard);
  const names = exceeded(usageOf(addUsage(used, charge), Object.keys(charge)), hard);
  if (names.length === 0) return;
  const [asked, had, limit] = [charge, used, hard].map(usage => usageText(usageOf(usage, names)));
  throw refused(
    attributes,
    `exceeded quota: ${metadata.name}, requested: ${asked}, used: ${had}, limited: ${limit}`,
  );
}

/** The quota with the charge in its status. */
export function withCharge(quota: Stored<ResourceQuota>, charge: Usage): ResourceQuota {
  const used = formatAmounts(addUsage(readAmounts(quota.status?.used), charge));
  return { ...quota, status: { ...quota.status, used } };
}

/** Whether more is used than allowed of what `charge` names. */
export function isExceeded({ status }: ResourceQuota, charge: Usage): boolean {
  const used = usageOf(readAmounts(status?.used), Object.keys(charge));
  return exceeded(used, readAmounts(status?.hard)).length > 0;
}

function refused({ endpoint, name }: AdmissionAttributes, why: string) {
  return forbidden(endpoint.qualified, name, why);
}
