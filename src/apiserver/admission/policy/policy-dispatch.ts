import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '../../../api/generated/types.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { Authorizer } from '../../filters/authorization.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import { inVersionOf } from '../../registry/versions.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { IndexedBinding, IndexedPolicy } from './policy-index.ts';
import { namespaceObjectOf, type PolicyInput } from './policy-input.ts';
import { type MatchDeps, matchedEndpoint } from './policy-match.ts';
import { ConfigurationError, collectParams, type ParamDeps, paramEndpoint } from './policy-params.ts';

export interface PolicyDeps extends MatchDeps, ParamDeps {
  readonly authorizer: Authorizer;
}

type AnyPolicy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;

/** One evaluation of a policy: for one binding and one of its parameters. */
export interface Invocation<P, B, C> {
  readonly policy: IndexedPolicy<P, B, C>;
  readonly binding: IndexedBinding<B>;
  /** The version of the resource the policy matches. */
  readonly endpoint: ResourceEndpoint;
  readonly params: KubeObject | undefined;
}

/** A policy or binding that cannot be applied. */
export interface Misconfiguration<P, B, C> {
  readonly policy: IndexedPolicy<P, B, C>;
  readonly binding: IndexedBinding<B> | undefined;
  readonly message: string;
}

/** What is to be evaluated for a request, and what cannot be (upstream: generic/policy_dispatcher.go). */
export function invocationsOf<P extends AnyPolicy, B extends KubeObject, C>(
  deps: PolicyDeps,
  policies: readonly IndexedPolicy<P, B, C>[],
  attributes: AdmissionAttributes,
): (Invocation<P, B, C> | Misconfiguration<P, B, C>)[] {
  const found: (Invocation<P, B, C> | Misconfiguration<P, B, C>)[] = [];
  for (const policy of policies) {
    const endpoint = matchedEndpoint(deps, policy.match, attributes);
    if (!endpoint) continue;
    const { paramKind } = policy.policy.spec!;
    let kind: ResourceEndpoint | undefined;
    try {
      kind = paramKind && paramEndpoint(deps, paramKind);
    } catch (error) {
      found.push({ policy, binding: undefined, message: configurationText(error, 'policy') });
      continue;
    }
    for (const binding of policy.bindings) {
      if (!matchedEndpoint(deps, binding.match, attributes)) continue;
      try {
        const params = collectParams(deps, kind, binding.binding.spec?.paramRef, attributes.namespace);
        found.push(...params.map(each => ({ policy, binding, endpoint, params: each })));
      } catch (error) {
        found.push({ policy, binding, message: configurationText(error, 'binding') });
      }
    }
  }
  return found;
}

/** @throws what is no configuration error */
function configurationText(error: unknown, what: 'policy' | 'binding'): string {
  if (!(error instanceof ConfigurationError)) throw error;
  return `failed to configure ${what}: ${error.message}`;
}

/** A request as an invocation's policy sees it. */
export async function inputOf<P, B, C>(
  { reader }: PolicyDeps,
  { endpoint, params }: Invocation<P, B, C>,
  attributes: AdmissionAttributes,
): Promise<PolicyInput> {
  const { object, oldObject, kind } = attributes;
  const converted = async (each: KubeObject | undefined) =>
    each && !kind ? inVersionOf(attributes.endpoint, endpoint, each) : each;
  return {
    attributes,
    endpoint,
    object: await converted(object),
    oldObject: await converted(oldObject),
    params,
    namespaceObject: namespaceObjectOf(reader, attributes),
  };
}
