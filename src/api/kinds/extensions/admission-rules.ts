import type { RuleWithOperations } from '../../generated/types.ts';
import { checkOptionalOneOf } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** What webhooks and admission policies apply to. */
export function checkRuleWithOperations(rule: RuleWithOperations, at: FieldPath, out: Findings): void {
  checkList(rule.operations ?? [], 'operations', at.child('operations'), out);
  (rule.operations ?? []).forEach((operation, i) => {
    checkOptionalOneOf(operation, operations, at.child('operations').index(i), out);
  });
  checkList(rule.apiGroups ?? [], 'API groups', at.child('apiGroups'), out);
  checkList(rule.apiVersions ?? [], 'API versions', at.child('apiVersions'), out);
  (rule.apiVersions ?? []).forEach((version, i) => {
    if (version === '') out.required(at.child('apiVersions').index(i));
  });
  checkResources(rule.resources ?? [], at.child('resources'), out);
  checkOptionalOneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], at.child('scope'), out);
}

/** Not empty; and where `*` stands, nothing else does. */
function checkList(list: readonly string[], what: string, at: FieldPath, out: Findings): void {
  if (list.length === 0) out.required(at);
  if (list.length < 2 || !list.includes('*')) return;
  out.invalid(at, list, `if '*' is present, must not specify other ${what}`);
}

/** `pods`, `pods/log`, `pods/*`, `*\/scale`, `*`, `*\/*`: none that another covers already. */
function checkResources(resources: readonly string[], at: FieldPath, out: Findings): void {
  if (resources.length === 0) out.required(at);
  const whole = new Set<string>();
  const everywhere = new Set<string>();
  let plain = false;
  resources.forEach((text, i) => {
    const here = at.index(i);
    if (text === '') {
      out.required(here);
      return;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      plain = text !== '*';
      return;
    }
    const [resource, sub] = [text.slice(0, slash), text.slice(slash + 1)];
    const covered = (by: string) => `if '${by}' is present, must not specify ${text}`;
    if (whole.has(resource)) out.invalid(here, text, covered(`${resource}/*`));
    if (everywhere.has(sub)) out.invalid(here, text, covered(`*/${sub}`));
    if (sub === '*') whole.add(resource);
    if (resource === '*') everywhere.add(sub);
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    out.invalid(at, resources, "if '*/*' is present, must not specify other resources");
  }
  if (resources.includes('*') && plain) {
    const why = "if '*' is present, must not specify other resources without subresources";
    out.invalid(at, resources, why);
  }
}
