import type { MatchResources, NamedRuleWithOperations } from '../../../api/generated/types.ts';
import { everything, type LabelSelector, selectorFromLabelSelector } from '../../../api/label-selector.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { equivalentsOf } from '../match/equivalents.ts';
import { matchesRule } from '../match/rule.ts';
import { matchesNamespace, matchesObject } from '../match/selectors.ts';
import type { ObjectReader } from '../object-reader.ts';

/** What a policy or a binding is about, its selectors read. */
export interface MatchCriteria {
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly rules: readonly NamedRuleWithOperations[];
  readonly excluded: readonly NamedRuleWithOperations[];
  readonly equivalent: boolean;
}

/** Without any a binding is about everything its policy is about. */
export function compileMatch(match: MatchResources | undefined): MatchCriteria {
  const selector = (of: MatchResources['objectSelector']) =>
    of ? selectorFromLabelSelector(of) : everything;
  return {
    namespaceSelector: selector(match?.namespaceSelector),
    objectSelector: selector(match?.objectSelector),
    rules: match?.resourceRules ?? [],
    excluded: match?.excludeResourceRules ?? [],
    equivalent: match?.matchPolicy !== 'Exact',
  };
}

export interface MatchDeps {
  readonly reader: ObjectReader;
  readonly endpoints: ReadonlyMap<string, ResourceEndpoint>;
}

/**
 * The version of the resource a request matches in; undefined where it does not (upstream: policy/matching).
 * @throws ApiError 404 where the request's namespace is not there
 */
export function matchedEndpoint(
  { reader, endpoints }: MatchDeps,
  criteria: MatchCriteria,
  attributes: AdmissionAttributes,
): ResourceEndpoint | undefined {
  const { rules, excluded, equivalent } = criteria;
  if (!matchesObject(criteria.objectSelector, attributes)) return undefined;
  const others =
    equivalent && (rules.length > 0 || excluded.length > 0) ? equivalentsOf(endpoints, attributes) : [];
  const candidates = [attributes.endpoint, ...others];
  if (candidates.some(endpoint => matchesAny(excluded, endpoint, attributes))) return undefined;
  const found =
    rules.length === 0
      ? attributes.endpoint
      : candidates.find(endpoint => matchesAny(rules, endpoint, attributes));
  return found && matchesNamespace(reader, criteria.namespaceSelector, attributes) ? found : undefined;
}

function matchesAny(
  rules: readonly NamedRuleWithOperations[],
  { resource }: ResourceEndpoint,
  { operation, subresource, name }: AdmissionAttributes,
): boolean {
  return rules.some(
    rule =>
      matchesRule(rule, { operation, resource, subresource }) &&
      (!rule.resourceNames?.length || rule.resourceNames.includes(name)),
  );
}

const policyKinds = new Set([
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Policies do not govern policies, so that a bad one can be removed. */
export function isPolicy({ endpoint: { resource } }: AdmissionAttributes): boolean {
  return resource.group === 'admissionregistration.k8s.io' && policyKinds.has(resource.kind);
}
