import { authorizerBindings } from '../../../api/cel/admission-environment.ts';
import type { AuthorizerPort } from '../../../api/cel/authorizer.ts';
import type { Compiled } from '../../../api/cel/cel.ts';
import type { CostBudget } from '../../../api/cel/meter.ts';
import type { ObjectType } from '../../../api/cel/types.ts';
import { CelError, type FieldSource, ObjectValue, type Value } from '../../../api/cel/values.ts';
import type { Namespace } from '../../../api/generated/types.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { ApiUser } from '../../exchange.ts';
import type { Authorizer } from '../../filters/authorization.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { kindOf } from '../match/equivalents.ts';
import { isNamespace } from '../match/selectors.ts';
import type { ObjectReader } from '../object-reader.ts';

/** The variables of a policy, in their order. */
export interface PolicyVariables {
  readonly type: ObjectType;
  readonly programs: ReadonlyMap<string, Compiled>;
}

/** One request as a policy sees it. */
export interface PolicyInput {
  readonly attributes: AdmissionAttributes;
  /** The version it matched in. */
  readonly endpoint: ResourceEndpoint;
  /** In that version. */
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly params: KubeObject | undefined;
  readonly namespaceObject: Namespace | undefined;
}

/** What the expressions of a policy are evaluated with. Variables are, when one asks for them, once. */
export function policyBindings(
  input: PolicyInput,
  variables: PolicyVariables,
  authorizer: Authorizer,
  budget: CostBudget,
): Record<string, unknown> {
  const { attributes, endpoint } = input;
  const { group, plural } = endpoint.resource;
  const { subresource, namespace, name, user } = attributes;
  const bindings: Record<string, unknown> = {
    object: input.object,
    oldObject: input.oldObject,
    params: input.params,
    namespaceObject: input.namespaceObject,
    request: requestOf(input),
    ...authorizerBindings(authorizerPort(authorizer, user), {
      group,
      resource: plural,
      subresource,
      namespace,
      name,
    }),
  };
  bindings.variables = new ObjectValue(variables.type, new LazyVariables(variables, bindings, budget));
  return bindings;
}

class LazyVariables implements FieldSource {
  readonly #variables: PolicyVariables;
  readonly #bindings: Readonly<Record<string, unknown>>;
  readonly #budget: CostBudget;
  readonly #known = new Map<string, Value>();

  constructor(variables: PolicyVariables, bindings: Readonly<Record<string, unknown>>, budget: CostBudget) {
    this.#variables = variables;
    this.#bindings = bindings;
    this.#budget = budget;
  }

  field(name: string): Value | undefined {
    let value = this.#known.get(name);
    if (value === undefined) {
      value = this.#evaluate(name);
      if (value !== undefined) this.#known.set(name, value);
    }
    return value;
  }

  names(): readonly string[] {
    return [...this.#variables.programs.keys()];
  }

  #evaluate(name: string): Value | undefined {
    const compiled = this.#variables.programs.get(name);
    if (!compiled) return undefined;
    const variable = `composited variable ${JSON.stringify(name)}`;
    if (compiled.error !== undefined) return new CelError(`${variable} fails to compile: ${compiled.error}`);
    const { value, error } = compiled.program.evaluate(this.#bindings, this.#budget);
    return error === undefined ? value : new CelError(`${variable} fails to evaluate: ${error}`);
  }
}

/** `request`: an AdmissionRequest without its objects (upstream: cel.CreateAdmissionRequest). */
export function requestOf({
  attributes,
  endpoint,
}: Pick<PolicyInput, 'attributes' | 'endpoint'>): Record<string, unknown> {
  const { subresource, operation, user, dryRun, options } = attributes;
  const asked = attributes.endpoint.resource;
  const matched = endpoint.resource;
  return {
    kind: attributes.kind ?? endpoint.gvk,
    resource: { group: matched.group, version: matched.version, resource: matched.plural },
    subResource: subresource,
    requestKind: kindOf(attributes),
    requestResource: { group: asked.group, version: asked.version, resource: asked.plural },
    requestSubResource: subresource,
    name: attributes.name,
    namespace: isNamespace(attributes) ? attributes.name : attributes.namespace,
    operation,
    userInfo: userInfoOf(user),
    dryRun,
    options: options ?? null,
  };
}

function userInfoOf({ name, uid, groups, extra }: ApiUser): Record<string, unknown> {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

/** Asks the server's authorizer for a user. */
export function authorizerPort(authorizer: Authorizer, user: ApiUser): AuthorizerPort {
  const nothing = {
    namespace: '',
    group: '',
    version: '*',
    resource: '',
    subresource: '',
    name: '',
    path: '',
  };
  return {
    check(check) {
      const { kind, labelSelector, ...asked } = { labelSelector: undefined, ...check };
      const decision = authorizer.authorize({ user, ...nothing, ...asked, isResource: kind === 'resource' });
      return { allowed: decision.allowed === true, reason: decision.reason };
    },
    serviceAccount(namespace, name) {
      const groups = [
        'system:serviceaccounts',
        `system:serviceaccounts:${namespace}`,
        'system:authenticated',
      ];
      return authorizerPort(authorizer, { name: `system:serviceaccount:${namespace}:${name}`, groups });
    },
  };
}

/** The namespace of a request; none for cluster-wide resources and for namespaces themselves. */
export function namespaceObjectOf(
  reader: ObjectReader,
  attributes: AdmissionAttributes,
): Namespace | undefined {
  if (!attributes.namespace || isNamespace(attributes)) return undefined;
  return reader.get<Namespace>('namespaces', '', attributes.namespace);
}
