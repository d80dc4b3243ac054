import { parse as parseYaml } from 'yaml';
import type { ApiUser } from '../exchange.ts';
import type { RequestInfo } from '../filters/request-info.ts';

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

interface AuditRule {
  level: AuditLevel;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: { group?: string; resources?: string[]; resourceNames?: string[] }[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: AuditStage[];
  omitManagedFields?: boolean;
}

/** An audit.k8s.io/v1 Policy. */
export interface AuditPolicy {
  rules: AuditRule[];
  omitStages?: AuditStage[];
  omitManagedFields?: boolean;
}

/** What is to be logged of one request. */
export interface AuditDecision {
  level: AuditLevel;
  omitStages: readonly AuditStage[];
  omitManagedFields: boolean;
}

const levels: readonly AuditLevel[] = ['None', 'Metadata', 'Request', 'RequestResponse'];
const stages: readonly AuditStage[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];
const lists = ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs', 'resources'] as const;
const ruleFields = new Set(['level', 'omitStages', 'omitManagedFields', ...lists]);

/** What is wrong with a policy's text. */
export class AuditPolicyError extends Error {
  override name = 'AuditPolicyError';
}

/** @param text YAML or JSON. @throws AuditPolicyError */
export function parseAuditPolicy(text: string): AuditPolicy {
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new AuditPolicyError(`the audit policy is not YAML: ${(cause as Error).message}`, { cause });
  }
  const policy = (value ?? {}) as AuditPolicy & { apiVersion?: string; kind?: string };
  if (policy.apiVersion !== 'audit.k8s.io/v1' || policy.kind !== 'Policy') {
    throw new AuditPolicyError('the audit policy has to be of apiVersion audit.k8s.io/v1 and kind Policy');
  }
  if (!Array.isArray(policy.rules) || policy.rules.length === 0) {
    throw new AuditPolicyError('the audit policy has no rules: without any nothing would be logged');
  }
  checkStages(policy.omitStages, 'omitStages');
  for (const [at, rule] of policy.rules.entries()) checkRule(rule, `rules[${at}]`);
  return policy;
}

function checkRule(rule: AuditRule, at: string): void {
  if (typeof rule !== 'object' || rule === null) throw new AuditPolicyError(`${at} has to be an object`);
  const unknown = Object.keys(rule).find(key => !ruleFields.has(key));
  if (unknown) throw new AuditPolicyError(`${at}: there is no field ${unknown}`);
  if (!levels.includes(rule.level)) {
    throw new AuditPolicyError(`${at}.level has to be one of ${levels.join(', ')}`);
  }
  for (const list of lists) {
    if (rule[list] !== undefined && !Array.isArray(rule[list])) {
      throw new AuditPolicyError(`${at}.${list} has to be a list`);
    }
  }
  checkStages(rule.omitStages, `${at}.omitStages`);
  if (rule.nonResourceURLs?.length && (rule.resources?.length || rule.namespaces?.length)) {
    throw new AuditPolicyError(`${at}: rules cannot apply to both regular resources and non-resource URLs`);
  }
}

function checkStages(omitted: unknown, at: string): void {
  if (omitted === undefined) return;
  if (Array.isArray(omitted) && omitted.every(stage => stages.includes(stage))) return;
  throw new AuditPolicyError(`${at} has to be a list of ${stages.join(', ')}`);
}

/** The first rule that matches decides; without one nothing is logged (upstream: apiserver/pkg/audit/policy). */
export function decide(policy: AuditPolicy, user: ApiUser | undefined, info: RequestInfo): AuditDecision {
  const rule = policy.rules.find(each => matches(each, user, info));
  return {
    level: rule?.level ?? 'None',
    omitStages: [...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])],
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: AuditRule, user: ApiUser | undefined, info: RequestInfo): boolean {
  const { users, userGroups } = rule;
  if (users?.length && !(user && users.includes(user.name))) return false;
  if (userGroups?.length && !userGroups.some(group => user?.groups.includes(group))) return false;
  if (rule.verbs?.length && !rule.verbs.includes(info.verb)) return false;
  if (rule.namespaces?.length || rule.resources?.length) return matchesResource(rule, info);
  if (rule.nonResourceURLs?.length)
    return !info.isResource && rule.nonResourceURLs.some(url => matchesUrl(url, info.path));
  return true;
}

function matchesResource({ namespaces, resources }: AuditRule, info: RequestInfo): boolean {
  if (!info.isResource) return false;
  if (namespaces?.length && !namespaces.includes(info.namespace)) return false;
  if (!resources?.length) return true;
  const { resource, subresource, name } = info;
  return resources.some(each => {
    if ((each.group ?? '') !== info.group) return false;
    if (!each.resources?.length) return true;
    if (each.resourceNames?.length && !each.resourceNames.includes(name)) return false;
    return each.resources.some(asked => {
      if (!subresource) return asked === '*' || asked === resource;
      return (
        asked === '*' ||
        asked === `${resource}/${subresource}` ||
        asked === `${resource}/*` ||
        asked === `*/${subresource}`
      );
    });
  });
}

function matchesUrl(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}
