import type { RuleWithOperations } from '../../../api/generated/types.ts';
import type { ResourceInfo } from '../../../api/resources.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** What a rule is held against: a request, about a resource in the version it came in or in an equivalent one. */
export interface Matched {
  readonly operation: AdmissionAttributes['operation'];
  readonly resource: ResourceInfo;
  readonly subresource: string;
}

/** Whether a rule of a webhook or an admission policy is about a request (upstream: predicates/rules). */
export function matchesRule(
  rule: RuleWithOperations,
  { operation, resource, subresource }: Matched,
): boolean {
  return (
    inScope(rule.scope, resource.namespaced) &&
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some(each => matchesResource(each, resource.plural, subresource))
  );
}

function inScope(scope: string | undefined, namespaced: boolean): boolean {
  if (scope === undefined || scope === '*') return true;
  return namespaced === (scope === 'Namespaced');
}

function includes(list: readonly string[] | undefined, asked: string): boolean {
  return list?.some(each => each === '*' || each === asked) ?? false;
}

/** `pods`, `pods/status`, `pods/*`, `*` and the like: without a slash no subresource is meant. */
function matchesResource(text: string, plural: string, subresource: string): boolean {
  const slash = text.indexOf('/');
  const resource = slash < 0 ? text : text.slice(0, slash);
  const sub = slash < 0 ? '' : text.slice(slash + 1);
  return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource);
}
