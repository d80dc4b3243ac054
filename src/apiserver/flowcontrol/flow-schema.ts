import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { ApiUser } from '../exchange.ts';
import type { RequestInfo } from '../filters/request-info.ts';

type Subject = NonNullable<PolicyRulesWithSubjects['subjects']>[number];

/** A FlowSchema as requests are held against it. */
export interface CompiledSchema {
  readonly name: string;
  readonly uid: string;
  readonly precedence: number;
  readonly level: string;
  readonly rules: readonly PolicyRulesWithSubjects[];
  /** What tells the flows of the schema apart; undefined: they are one. */
  readonly distinguisher: 'ByUser' | 'ByNamespace' | undefined;
}

export function compileSchema({ metadata, spec }: Stored<FlowSchema>): CompiledSchema {
  return {
    name: metadata.name,
    uid: metadata.uid,
    precedence: spec?.matchingPrecedence ?? 1000,
    level: spec?.priorityLevelConfiguration?.name ?? '',
    rules: spec?.rules ?? [],
    distinguisher: spec?.distinguisherMethod?.type as CompiledSchema['distinguisher'],
  };
}

/** The order in which schemas are asked; the first that matches counts. */
export function bySchemaOrder(a: CompiledSchema, b: CompiledSchema): number {
  return a.precedence - b.precedence || (a.name < b.name ? -1 : 1);
}

export function schemaMatches(schema: CompiledSchema, info: RequestInfo, user: ApiUser): boolean {
  for (const rule of schema.rules) {
    if (rule.subjects.some(subject => isSubject(subject, user)) && covers(rule, info)) return true;
  }
  return false;
}

/** The name of the request's flow within its schema. */
export function flowName(schema: CompiledSchema, info: RequestInfo, user: ApiUser): string {
  if (schema.distinguisher === 'ByUser') return user.name;
  return schema.distinguisher === 'ByNamespace' ? info.namespace : '';
}

function isSubject(subject: Subject, user: ApiUser): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === user.name;
    case 'Group': {
      const name = subject.group?.name;
      return name === '*' || user.groups.includes(name!);
    }
    case 'ServiceAccount': {
      const { namespace, name } = subject.serviceAccount ?? {};
      const prefix = `system:serviceaccount:${namespace}:`;
      if (!user.name.startsWith(prefix)) return false;
      return name === '*' || user.name.slice(prefix.length) === name;
    }
    default:
      return false;
  }
}

function covers(rule: PolicyRulesWithSubjects, info: RequestInfo): boolean {
  return info.isResource
    ? (rule.resourceRules ?? []).some(each => coversResource(each, info))
    : (rule.nonResourceRules ?? []).some(each => coversPath(each, info));
}

function coversResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!holds(rule.verbs, info.verb) || !holds(rule.apiGroups, info.group)) return false;
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  if (!holds(rule.resources, resource)) return false;
  return info.namespace ? holds(rule.namespaces ?? [], info.namespace) : rule.clusterScope === true;
}

function coversPath(rule: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  if (!holds(rule.verbs, verb)) return false;
  return rule.nonResourceURLs.some(
    url => url === '*' || url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1))),
  );
}

function holds(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}
