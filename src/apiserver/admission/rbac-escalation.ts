import { isDeepStrictEqual } from 'node:util';
import type { ClusterRole, PolicyRule, RoleBinding, RoleRef } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import type { AccessAttributes, Authorizer } from '../filters/authorization.ts';
import type { PolicyIndex } from '../rbac/policy-index.ts';
import type { RbacAuthorizer } from '../rbac/rbac-authorizer.ts';
import { uncoveredRules } from '../rbac/rules.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const group = 'rbac.authorization.k8s.io';

export interface EscalationDeps {
  authorizer: Authorizer;
  rbac: RbacAuthorizer;
  policies: PolicyIndex;
}

/**
 * Nobody gives away rights they do not have: writing a role takes its rights or the verb `escalate`, writing a
 * binding takes those of its role or the verb `bind` (upstream: pkg/registry/rbac/…/policybased).
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = 'RbacEscalation';
  readonly #deps: EscalationDeps;

  constructor(deps: EscalationDeps) {
    this.#deps = deps;
  }

  validate(attributes: AdmissionAttributes): void {
    const { endpoint, operation, object, oldObject, user } = attributes;
    if (endpoint.resource.group !== group || operation === 'DELETE' || !object) return;
    if (user.groups.includes('system:masters')) return;
    const { kind } = endpoint.resource;
    if (kind === 'Role' || kind === 'ClusterRole') {
      const { rules = [], aggregationRule } = object as ClusterRole;
      const old = oldObject as ClusterRole | undefined;
      if (
        old &&
        isDeepStrictEqual(rules, old.rules) &&
        isDeepStrictEqual(aggregationRule, old.aggregationRule)
      )
        return;
      if (this.#may(attributes, 'escalate', endpoint.resource.plural, attributes.name)) return;
      // What an aggregated role will hold is not known yet: it takes all rights there are.
      const wanted = aggregationRule ? [...rules, ...everything] : rules;
      this.#check(attributes, wanted);
    } else this.#checkBinding(attributes, object as RoleBinding, oldObject as RoleBinding | undefined);
  }

  #checkBinding(attributes: AdmissionAttributes, binding: RoleBinding, old: RoleBinding | undefined): void {
    if (old && isDeepStrictEqual(binding.subjects, old.subjects)) return;
    const { namespace } = attributes;
    const ref: RoleRef = binding.roleRef;
    const plural = ref.kind === 'Role' ? 'roles' : 'clusterroles';
    if (this.#may(attributes, 'bind', plural, ref.name)) return;
    const rules = this.#deps.policies.rulesOf(namespace, ref);
    if (!rules) {
      const why = `${ref.kind.toLowerCase()}.${group} ${JSON.stringify(ref.name)} not found`;
      throw forbidden(attributes.endpoint.qualified, attributes.name, why);
    }
    this.#check(attributes, rules);
  }

  #may({ user, namespace }: AdmissionAttributes, verb: string, resource: string, name: string): boolean {
    const asked: AccessAttributes = {
      user,
      verb,
      isResource: true,
      namespace,
      group,
      version: '*',
      resource,
      subresource: '',
      name,
      path: '',
    };
    return this.#deps.authorizer.authorize(asked).allowed === true;
  }

  #check({ user, namespace, endpoint, name }: AdmissionAttributes, wanted: readonly PolicyRule[]): void {
    const missing = uncoveredRules(this.#deps.rbac.rulesFor(user, namespace), wanted);
    if (missing.length === 0) return;
    const groups = user.groups.map(each => JSON.stringify(each)).join(' ');
    const list = missing.map(ruleText).join('\n');
    const why = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${list}`;
    throw forbidden(endpoint.qualified, name, why);
  }
}

const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** As upstream's CompactString: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
function ruleText(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, values: readonly string[] | undefined) => {
    if (values?.length) parts.push(`${name}:[${values.map(value => JSON.stringify(value)).join(' ')}]`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}
