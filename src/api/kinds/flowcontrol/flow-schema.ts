import type {
  FlowcontrolSubject,
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from '../../generated/types.ts';
import { labelErrors, subdomainErrors } from '../../names.ts';
import { checkLabelName, checkSubdomain } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkTypes } from './conditions.ts';
import { mandatorySchemas } from './mandatory.ts';

const methods = ['ByNamespace', 'ByUser'];
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const kinds = ['Group', 'ServiceAccount', 'User'];
const maxPrecedence = 10_000;

export const flowSchemaRules: KindRules<FlowSchema> = {
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
  defaults(schema) {
    if (schema.spec) schema.spec.matchingPrecedence ||= 1000;
  },
  validate(schema, out) {
    const name = schema.metadata?.name ?? '';
    const spec: FlowSchemaSpec = schema.spec ?? { priorityLevelConfiguration: { name: '' } };
    checkSpec(spec, name, out);
    const fixed = mandatorySchemas[name];
    if (fixed && !semanticEqual(spec, fixed)) {
      out.invalid(specPath, spec, `spec of '${name}' must equal the fixed value`);
    }
    checkTypes(schema.status?.conditions, out);
  },
  validateStatusUpdate: (schema, _old, out) => checkTypes(schema.status?.conditions, out),
};

function checkSpec(spec: FlowSchemaSpec, name: string, out: Findings): void {
  checkPrecedence(spec.matchingPrecedence ?? 0, name, out);
  const method = spec.distinguisherMethod;
  if (method && !methods.includes(method.type)) {
    out.notSupported(specPath.child('distinguisherMethod', 'type'), method, methods);
  }
  const level = spec.priorityLevelConfiguration?.name;
  const levelAt = specPath.child('priorityLevelConfiguration', 'name');
  if (level) checkSubdomain(level, levelAt, out);
  else out.required(levelAt, 'must reference a priority level');
  (spec.rules ?? []).forEach((rule, i) => {
    checkRule(rule, specPath.child('rules').index(i), out);
  });
}

function checkPrecedence(precedence: number, name: string, out: Findings): void {
  const at = specPath.child('matchingPrecedence');
  if (precedence <= 0) out.invalid(at, precedence, 'must be a positive value');
  if (precedence > maxPrecedence) {
    out.invalid(at, precedence, `must not be greater than ${maxPrecedence}`);
  }
  if (precedence === 1 && name !== 'exempt') {
    out.invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  }
}

function checkRule(rule: PolicyRulesWithSubjects, at: FieldPath, out: Findings): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) out.required(at.child('subjects'), 'subjects must contain at least one value');
  subjects.forEach((subject, i) => {
    checkSubject(subject, at.child('subjects').index(i), out);
  });
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    out.required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  }
  resourceRules.forEach((each, i) => {
    checkResourceRule(each, at.child('resourceRules').index(i), out);
  });
  nonResourceRules.forEach((each, i) => {
    checkNonResourceRule(each, at.child('nonResourceRules').index(i), out);
  });
}

/** The field of each kind of subject, in the order they are complained of. */
const fields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
type SubjectKind = keyof typeof fields;

function checkSubject(subject: FlowcontrolSubject, at: FieldPath, out: Findings): void {
  const kind = subject.kind as SubjectKind;
  const field = fields[kind];
  if (!field) {
    out.notSupported(at.child('kind'), subject.kind ?? '', kinds);
    return;
  }
  const here = at.child(field);
  if (!subject[field]) out.required(here, `${field} is required when subject kind is '${kind}'`);
  else if (kind === 'ServiceAccount') checkAccount(subject.serviceAccount!, here, out);
  else if (!subject[field].name) out.required(here.child('name'));
  for (const [other, name] of Object.entries(fields)) {
    if (other === kind || !subject[name]) continue;
    out.forbidden(at.child(name), `${name} is forbidden when subject kind is not '${other}'`);
  }
}

function checkAccount(
  { name, namespace }: { name?: string; namespace?: string },
  at: FieldPath,
  out: Findings,
): void {
  if (!name) out.required(at.child('name'));
  else if (name !== '*') out.invalidAll(at.child('name'), name, subdomainErrors(name));
  if (namespace) checkLabelName(namespace, at.child('namespace'), out);
  else out.required(at.child('namespace'), 'must specify namespace for service account');
}

function checkVerbs(list: string[], at: FieldPath, out: Findings): void {
  if (list.length === 0) out.required(at, 'verbs must contain at least one value');
  else if (list.includes('*')) checkAlone(list, 'verbs', at, out);
  else if (!list.every(verb => verbs.includes(verb))) out.notSupported(at, list, verbs);
}

/** Where `*` stands, nothing else does. */
function checkAlone(list: string[], what: string, at: FieldPath, out: Findings): void {
  if (list.length < 2 || !list.includes('*')) return;
  out.invalid(at, list, `if '*' is present, must not specify other ${what}`);
}

function checkResourceRule(rule: ResourcePolicyRule, at: FieldPath, out: Findings): void {
  const { apiGroups = [], resources = [], namespaces = [] } = rule;
  checkVerbs(rule.verbs ?? [], at.child('verbs'), out);
  if (apiGroups.length === 0) {
    out.required(at.child('apiGroups'), 'resource rules must supply at least one api group');
  }
  checkAlone(apiGroups, 'api groups', at.child('apiGroups'), out);
  if (resources.length === 0) {
    out.required(at.child('resources'), 'resource rules must supply at least one resource');
  }
  checkAlone(resources, 'resources', at.child('resources'), out);
  const here = at.child('namespaces');
  if (namespaces.length === 0 && !rule.clusterScope) {
    const why = 'resource rules that are not cluster scoped must supply at least one namespace';
    out.required(here, why);
  }
  checkAlone(namespaces, 'namespaces', here, out);
  if (namespaces.includes('*')) return;
  namespaces.forEach((namespace, i) => {
    const wrong = labelErrors(namespace).map(
      why => `each member of this list must be '*' or a DNS-1123 label; ${why}`,
    );
    out.invalidAll(here.index(i), namespace, wrong);
  });
}

function checkNonResourceRule(rule: NonResourcePolicyRule, at: FieldPath, out: Findings): void {
  const { nonResourceURLs: urls = [] } = rule;
  checkVerbs(rule.verbs ?? [], at.child('verbs'), out);
  const here = at.child('nonResourceURLs');
  if (urls.length === 0) out.required(here, 'nonResourceURLs must contain at least one value');
  else if (urls.includes('*')) checkAlone(urls, 'non-resource URLs', here, out);
  else {
    urls.forEach((url, i) => {
      const why = urlError(url);
      if (why) out.invalid(here.index(i), url, why);
    });
  }
}

function urlError(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  if (stars > 1 || (stars === 1 && !url.endsWith('/*'))) return 'wildcard can only do suffix matching';
  return undefined;
}
