import type { ResourceQuota, ResourceQuotaStatus } from '../../api/generated/types.ts';
import { formatAmounts, readAmounts } from '../../api/kinds/pod-resources.ts';
import type { Stored } from '../../api/objects.ts';
import { type Evaluator, matchesQuota } from '../../api/quota/evaluators.ts';
import { addUsage, type Usage, usageOf, zero } from '../../api/quota/usage.ts';

/** The objects of one resource in the quota's namespace. */
export interface Counted {
  evaluator: Evaluator;
  objects: readonly Stored[];
}

/**
 * What a quota's status is to say: its limits, and what is used of them now. A name that nothing can use has no
 * entry under `used` (upstream: pkg/quota/v1 CalculateUsage).
 */
export function quotaStatus(
  quota: Stored<ResourceQuota>,
  collections: Iterable<Counted>,
  now: number,
): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  const wanted = { ...quota, status: { hard } };
  let used: Usage = {};
  for (const { evaluator, objects } of collections) {
    const own = names.filter(name => evaluator.uses(name));
    if (own.length === 0) continue;
    let sum: Usage = Object.fromEntries(own.map(name => [name, zero]));
    for (const object of objects) {
      if (matchesQuota(evaluator, wanted, object))
        sum = addUsage(sum, usageOf(evaluator.usage(object, now), own));
    }
    used = addUsage(used, sum);
  }
  return { hard, used: formatAmounts(used) };
}

/** Whether the two say the same amounts, however they are written. */
export function sameStatus(a: ResourceQuotaStatus, b: ResourceQuotaStatus | undefined): boolean {
  const text = (status: ResourceQuotaStatus | undefined) =>
    JSON.stringify(
      [status?.hard, status?.used].map(list => Object.entries(formatAmounts(readAmounts(list))).sort()),
    );
  return text(a) === text(b);
}
