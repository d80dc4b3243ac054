import { isDeepStrictEqual } from 'node:util';
import { CostBudget } from '../../../api/cel/meter.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../api/generated/types.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { ApiError, forbidden } from '../../../api/status.ts';
import { cloneJson } from '../../objects/decoded.ts';
import { inVersionOf } from '../../registry/versions.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { completed } from '../match/equivalents.ts';
import type { Reinvocation } from '../reinvocation.ts';
import { conditionsHold } from './match-conditions.ts';
import { MutationError, mutate } from './mutation.ts';
import {
  type Invocation,
  inputOf,
  invocationsOf,
  type Misconfiguration,
  type PolicyDeps,
} from './policy-dispatch.ts';
import type { PolicyIndex } from './policy-index.ts';
import { type PolicyInput, policyBindings } from './policy-input.ts';
import { isPolicy } from './policy-match.ts';
import type { MutatingPrograms } from './policy-programs.ts';

export type MutatingIndex = PolicyIndex<
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingPrograms
>;
type MutatingInvocation = Invocation<
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingPrograms
>;
type Misconfigured = Misconfiguration<
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingPrograms
>;

/** MutatingAdmissionPolicy (upstream: plugin/policy/mutating). */
export class MutatingPolicies implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  readonly #deps: PolicyDeps;
  readonly #index: MutatingIndex;

  constructor(deps: PolicyDeps, index: MutatingIndex) {
    this.#deps = deps;
    this.#index = index;
  }

  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { bound } = this.#index;
    if (bound.length === 0 || isPolicy(attributes)) return undefined;
    const invocations = invocationsOf(this.#deps, bound, attributes);
    return invocations.length === 0 ? undefined : this.#applyAll(invocations, attributes);
  }

  async #applyAll(
    invocations: readonly (MutatingInvocation | Misconfigured)[],
    attributes: AdmissionAttributes,
  ): Promise<void> {
    const { reinvocation } = attributes;
    const calls = reinvocation?.of(this.name);
    // Others changed the object since: what this plugin did to it may have to be done again.
    if (reinvocation?.again && calls?.differs(attributes.object)) calls.changed();
    const failures: Failure[] = [];
    for (const invocation of invocations) {
      if ('message' in invocation) failures.push({ ...invocation, reason: 'Forbidden' });
      else failures.push(...(await this.#apply(invocation, attributes, reinvocation)));
    }
    calls?.remember(attributes.object);
    const counting = failures.filter(({ policy }) => policy.policy.spec?.failurePolicy !== 'Ignore');
    if (counting.length > 0) throw refusal(attributes, counting);
  }

  async #apply(
    invocation: MutatingInvocation,
    attributes: AdmissionAttributes,
    reinvocation: Reinvocation | undefined,
  ): Promise<Failure[]> {
    const { policy, params } = invocation;
    const { compiled } = policy;
    const budget = new CostBudget();
    let input = await inputOf(this.#deps, invocation, attributes);
    const bindings = () => policyBindings(input, compiled.variables, this.#deps.authorizer, budget);
    const holds = conditionsHold(compiled.conditions, bindings());
    if (holds === false) return [];
    if (holds !== true) return [{ ...invocation, message: holds.error, reason: 'Invalid' }];
    const calls = reinvocation?.of(this.name);
    const key = keyOf(invocation, params);
    if (reinvocation?.again && !calls?.isDue(key)) return [];
    if (!input.object || !attributes.object) return [];
    const failures: Failure[] = [];
    const before = cloneJson(input.object);
    for (const mutation of compiled.mutations) {
      try {
        const made = mutate(mutation, input.object!, input.endpoint.rules.schema, bindings(), budget);
        input = {
          ...input,
          object: completed({ ...attributes, endpoint: input.endpoint }, made as JsonObject),
        };
      } catch (error) {
        if (!(error instanceof MutationError)) throw error;
        failures.push({ ...invocation, message: error.message, reason: 'Invalid' });
      }
      await budget.breathe();
    }
    if (!isDeepStrictEqual(before, cloneJson(input.object))) {
      await putBack(attributes, input);
      calls?.changed();
      if (reinvocation) reinvocation.wanted = true;
    }
    if (policy.policy.spec?.reinvocationPolicy === 'IfNeeded') calls?.made(key);
    return failures;
  }
}

interface Failure extends Misconfigured {
  readonly reason: string;
}

function keyOf({ policy, binding }: MutatingInvocation, params: KubeObject | undefined): string {
  const { name = '', namespace = '' } = params?.metadata ?? {};
  return `${policy.policy.metadata.name}/${binding.binding.metadata.name}/${namespace}/${name}`;
}

/** Gives the request's object, which others hold, what a policy made of it. */
async function putBack(
  attributes: AdmissionAttributes,
  { endpoint, object: made }: PolicyInput,
): Promise<void> {
  const object = attributes.object as Record<string, unknown>;
  const asked = attributes.kind ? made! : await inVersionOf(endpoint, attributes.endpoint, made!);
  for (const key of Object.keys(object)) delete object[key];
  Object.assign(object, asked);
}

/** The first failure speaks for the answer; all of them are its causes. */
function refusal({ endpoint, name }: AdmissionAttributes, failures: readonly Failure[]): ApiError {
  const texts = failures.map(({ policy, binding, message }) => {
    const of = policy.policy.metadata.name;
    if (!binding) return `policy '${of}' denied request: ${message}`;
    return `policy '${of}' with binding '${binding.binding.metadata.name}' denied request: ${message}`;
  });
  const { status } = forbidden(endpoint.qualified, name, '');
  const details = { ...status.details, causes: texts.map(message => ({ message })) };
  return new ApiError({ ...status, message: texts[0]!, reason: failures[0]!.reason, details });
}
