import { evaluateCompiled } from '../../../api/cel/cel.ts';
import type { CostBudget } from '../../../api/cel/meter.ts';
import { typeNameOf } from '../../../api/cel/values.ts';
import type { CompiledValidation, ValidatingPrograms } from './policy-programs.ts';

/** Upstream's celconfig.MaxEvaluatedMessageExpressionSizeBytes. */
const maxMessageBytes = 5 * 1024;

/** Why a policy refuses a request. */
export interface Refusal {
  readonly message: string;
  readonly reason?: string;
  /** An expression failed: what follows is up to the policy's failurePolicy. */
  readonly failed?: boolean;
  /** Of the validation. */
  readonly index?: number;
}

export interface PolicyOutcome {
  readonly refusals: readonly Refusal[];
  readonly annotations: readonly { key: string; value: string; error?: string }[];
}

type Bindings = Readonly<Record<string, unknown>>;

/** Evaluates the validations and audit annotations of a policy (upstream: validating/validator.go). */
export async function evaluatePolicy(
  programs: ValidatingPrograms,
  bindings: Bindings,
  budget: CostBudget,
): Promise<PolicyOutcome> {
  const refusals: Refusal[] = [];
  for (const [index, validation] of programs.validations.entries()) {
    const refusal = evaluate(validation, bindings, budget);
    if (refusal) refusals.push({ ...refusal, index });
    await budget.breathe();
  }
  const annotations: { key: string; value: string; error?: string }[] = [];
  for (const { key, expression, program } of programs.annotations) {
    const { value, error } = evaluateCompiled(program, bindings, budget);
    if (error !== undefined) annotations.push({ key, value: '', error: failure(expression, error) });
    else if (typeof value === 'string') {
      if (value.trim() !== '') annotations.push({ key, value: value.trim() });
    } else if (value !== null) {
      const type = `unsupported return type: ${typeNameOf(value!)}`;
      const why = `valueExpression '${expression}' resulted in ${type}. Return type must be either string or null.`;
      annotations.push({ key, value: '', error: why });
    }
  }
  return { refusals, annotations };
}

function evaluate(
  validation: CompiledValidation,
  bindings: Bindings,
  budget: CostBudget,
): Refusal | undefined {
  const { expression, program, reason } = validation;
  const { value, error } = evaluateCompiled(program, bindings, budget);
  if (error !== undefined) return { message: failure(expression, error), failed: true };
  if (value === true) return undefined;
  return { message: messageOf(validation, bindings, budget), reason };
}

/** Errors of the budget speak for themselves. */
export function failure(expression: string, error: string): string {
  return error.startsWith('validation failed due to')
    ? error
    : `expression '${expression}' resulted in error: ${error}`;
}

/** What messageExpression makes, else the message, else the expression. */
function messageOf(
  { expression, message, messageProgram }: CompiledValidation,
  bindings: Bindings,
  budget: CostBudget,
): string {
  const made = messageProgram?.program?.evaluate(bindings, budget).value;
  const text = typeof made === 'string' ? made.trim() : '';
  if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= maxMessageBytes) return text;
  return message.trim() || `failed expression: ${expression.trim()}`;
}
