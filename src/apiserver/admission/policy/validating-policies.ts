import { CostBudget } from '../../../api/cel/meter.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/generated/types.ts';
import { ApiError, forbidden } from '../../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { AuditAnnotations, failureAnnotation } from './audit-annotations.ts';
import { conditionsHold } from './match-conditions.ts';
import { type Invocation, inputOf, invocationsOf, type PolicyDeps } from './policy-dispatch.ts';
import type { PolicyIndex } from './policy-index.ts';
import { policyBindings } from './policy-input.ts';
import { isPolicy } from './policy-match.ts';
import type { ValidatingPrograms } from './policy-programs.ts';
import { evaluatePolicy, type Refusal } from './validation.ts';

export type ValidatingIndex = PolicyIndex<
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingPrograms
>;
type ValidatingInvocation = Invocation<
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingPrograms
>;

/** ValidatingAdmissionPolicy (upstream: plugin/policy/validating). */
export class ValidatingPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  readonly #deps: PolicyDeps;
  readonly #index: ValidatingIndex;

  constructor(deps: PolicyDeps, index: ValidatingIndex) {
    this.#deps = deps;
    this.#index = index;
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { bound } = this.#index;
    if (bound.length === 0 || isPolicy(attributes)) return undefined;
    const invocations = invocationsOf(this.#deps, bound, attributes);
    return invocations.length === 0 ? undefined : this.#evaluateAll(invocations, attributes);
  }

  /** Of several refusals the first is told, as upstream does. */
  async #evaluateAll(
    invocations: ReturnType<
      typeof invocationsOf<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingPrograms>
    >,
    attributes: AdmissionAttributes,
  ): Promise<void> {
    const annotations = new AuditAnnotations();
    let denied: ApiError | undefined;
    for (const invocation of invocations) {
      const { policy, binding } = invocation;
      const { name } = policy.policy.metadata;
      const deny = (refusal: Refusal) => {
        denied ??= denial(attributes, name, binding?.binding.metadata.name, refusal);
      };
      if ('message' in invocation) {
        if (policy.policy.spec?.failurePolicy !== 'Ignore') deny(invocation);
      } else await this.#evaluate(invocation, attributes, annotations, deny);
    }
    annotations.publish(attributes);
    if (denied) throw denied;
  }

  async #evaluate(
    invocation: ValidatingInvocation,
    attributes: AdmissionAttributes,
    annotations: AuditAnnotations,
    deny: (refusal: Refusal) => void,
  ): Promise<void> {
    const { policy, binding } = invocation;
    const ignoreErrors = policy.policy.spec?.failurePolicy === 'Ignore';
    const budget = new CostBudget();
    const { compiled } = policy;
    const input = await inputOf(this.#deps, invocation, attributes);
    const bindings = policyBindings(input, compiled.variables, this.#deps.authorizer, budget);
    const holds = conditionsHold(compiled.conditions, bindings);
    if (holds === false) return;
    const actions = binding.binding.spec?.validationActions ?? [];
    const outcome =
      holds === true
        ? await evaluatePolicy(compiled, bindings, budget)
        : { refusals: [{ message: holds.error, failed: true, index: 0 }], annotations: [] };
    for (const refusal of outcome.refusals) {
      if (refusal.failed && ignoreErrors) continue;
      if (actions.includes('Deny')) deny(refusal);
      if (actions.includes('Warn')) attributes.warnings.push(warningOf(invocation, refusal));
      if (actions.includes('Audit')) failureAnnotation(attributes, invocation.binding.binding, refusal);
    }
    for (const { key, value, error } of outcome.annotations) {
      if (error === undefined) annotations.add(`${policy.policy.metadata.name}/${key}`, value);
      else if (!ignoreErrors) deny({ message: error });
    }
  }
}

function warningOf({ policy, binding }: ValidatingInvocation, { message }: Refusal): string {
  const [name, by] = [policy.policy.metadata.name, binding.binding.metadata.name];
  return `Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${by}': ${message}`;
}

const codes: Record<string, number> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

function denial(
  { endpoint, name }: AdmissionAttributes,
  policy: string,
  binding: string | undefined,
  { message, reason = 'Invalid' }: Refusal,
): ApiError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const { status } = forbidden(endpoint.qualified, name, text);
  const details = { ...status.details, causes: [{ message: text }] };
  return new ApiError({ ...status, reason, code: codes[reason] ?? 422, details });
}
