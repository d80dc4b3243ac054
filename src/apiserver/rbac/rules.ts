import type { PolicyRule } from '../../api/generated/types.ts';
import type { AccessAttributes } from '../filters/authorization.ts';

const has = (list: readonly string[] | undefined, value: string) =>
  list !== undefined && (list.includes('*') || list.includes(value));

/** Whether one rule allows what is asked (upstream: pkg/apis/rbac/v1/evaluation_helpers.go). */
export function ruleAllows(rule: PolicyRule, asked: AccessAttributes): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (!asked.isResource) return (rule.nonResourceURLs ?? []).some(url => urlMatches(url, asked.path));
  return (
    has(rule.apiGroups, asked.group) &&
    resourceMatches(rule.resources ?? [], asked.resource, asked.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(asked.name))
  );
}

/** `*`, `pods`, `pods/log`, and a star for the resource before one subresource. */
function resourceMatches(resources: readonly string[], resource: string, subresource: string): boolean {
  const full = subresource ? `${resource}/${subresource}` : resource;
  for (const each of resources) {
    if (each === '*' || each === full) return true;
    if (subresource && each === `*/${subresource}`) return true;
  }
  return false;
}

function urlMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}

/**
 * The parts of `wanted` that no rule of `held` covers: what a user who holds `held` may not give away
 * (upstream: pkg/registry/rbac/validation, Covers).
 */
export function uncoveredRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(splitRule).filter(part => !held.some(rule => covers(rule, part)));
}

/** A rule as rules of one verb on one resource (or URL) each. */
function splitRule(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) parts.push(part);
        for (const name of rule.resourceNames ?? []) parts.push({ ...part, resourceNames: [name] });
      }
    }
    for (const url of rule.nonResourceURLs ?? []) parts.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return parts;
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  if (!has(rule.verbs, part.verbs[0]!)) return false;
  const [url] = part.nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some(pattern => urlMatches(pattern, url));
  const [resource = '', subresource = ''] = (part.resources?.[0] ?? '').split('/');
  if (!has(rule.apiGroups, part.apiGroups?.[0] ?? '')) return false;
  if (!resourceMatches(rule.resources ?? [], resource, subresource)) return false;
  const [name] = part.resourceNames ?? [];
  return !rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name));
}
