import type { PodDisruptionBudget } from '../../generated/types.ts';
import { checkCountOrPercent, checkNonNegative, checkOptionalOneOf, percentOf } from '../checks.ts';
import { checkConditions } from '../conditions.ts';
import { specPath, statusPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';

export const disruptionBudgetRules: KindRules<PodDisruptionBudget> = {
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({ currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
  validate({ spec = {} }, out) {
    if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
      out.invalid(specPath, spec, 'minAvailable and maxUnavailable cannot be both set');
    }
    for (const field of ['minAvailable', 'maxUnavailable'] as const) {
      const at = specPath.child(field);
      checkCountOrPercent(spec[field], at, out);
      if ((percentOf(spec[field]) ?? 0) > 100) out.invalid(at, spec[field], 'must not be greater than 100%');
    }
    checkLabelSelector(spec.selector, specPath.child('selector'), out);
    const policies = ['AlwaysAllow', 'IfHealthyBudget'];
    const at = specPath.child('unhealthyPodEvictionPolicy');
    checkOptionalOneOf(spec.unhealthyPodEvictionPolicy, policies, at, out);
  },
  validateStatusUpdate(budget, _old, out) {
    checkConditions(budget.status?.conditions, statusPath.child('conditions'), out);
    for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) {
      checkNonNegative(budget.status?.[field], statusPath.child(field), out);
    }
  },
};
