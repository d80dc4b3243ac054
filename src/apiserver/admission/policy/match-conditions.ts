import { type Compiled, evaluateCompiled } from '../../../api/cel/cel.ts';
import { CostBudget, matchConditionsBudget } from '../../../api/cel/meter.ts';

/** A match condition, ready to be asked. */
export interface CompiledCondition {
  readonly name: string;
  readonly expression: string;
  readonly compiled: Compiled;
}

/**
 * Whether all conditions hold. One that says no counts for more than one that fails.
 * @returns the failure, where one decides
 */
export function conditionsHold(
  conditions: readonly CompiledCondition[],
  bindings: Readonly<Record<string, unknown>>,
): boolean | { error: string } {
  const budget = new CostBudget(matchConditionsBudget);
  const errors: string[] = [];
  for (const { expression, compiled } of conditions) {
    const { value, error } = evaluateCompiled(compiled, bindings, budget);
    if (value === false) return false;
    if (error !== undefined) errors.push(`expression '${expression}' resulted in error: ${error}`);
  }
  if (errors.length === 0) return true;
  return { error: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` };
}
