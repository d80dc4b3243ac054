import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  Role,
  RoleBinding,
} from '../../generated/types.ts';
import { pathSegmentErrors } from '../../names.ts';
import { checkSubdomain } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';
import { pathSegmentName } from '../object-name.ts';

const group = 'rbac.authorization.k8s.io';

export const roleRules: KindRules<Role> = {
  name: pathSegmentName,
  createOnUpdate: true,
  validate: (role, out) => checkRules(role.rules ?? [], true, out),
};

export const clusterRoleRules: KindRules<ClusterRole> = {
  name: pathSegmentName,
  createOnUpdate: true,
  validate(role, out) {
    checkRules(role.rules ?? [], false, out);
    const aggregation = role.aggregationRule;
    if (!aggregation) return;
    const at = root('aggregationRule').child('clusterRoleSelectors');
    const selectors = aggregation.clusterRoleSelectors ?? [];
    if (selectors.length === 0) {
      out.required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
    }
    selectors.forEach((selector, i) => {
      checkLabelSelector(selector, at.index(i), out);
    });
  },
};

function checkRules(rules: PolicyRule[], namespaced: boolean, out: Findings): void {
  rules.forEach((rule, i) => {
    checkRule(rule, namespaced, root('rules').index(i), out);
  });
}

function checkRule(rule: PolicyRule, namespaced: boolean, at: FieldPath, out: Findings): void {
  const { verbs = [], nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (verbs.length === 0) out.required(at.child('verbs'), 'verbs must contain at least one value');
  if (nonResourceURLs.length > 0) {
    const here = at.child('nonResourceURLs');
    if (namespaced) {
      out.invalid(here, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const why = 'rules cannot apply to both regular resources and non-resource URLs';
      out.invalid(here, nonResourceURLs, why);
    }
    return;
  }
  if (apiGroups.length === 0) {
    out.required(at.child('apiGroups'), 'resource rules must supply at least one api group');
  }
  if (resources.length === 0) {
    out.required(at.child('resources'), 'resource rules must supply at least one resource');
  }
}

type AnyBinding = RoleBinding | ClusterRoleBinding;

function bindingRules(kinds: readonly string[], namespaced: boolean): KindRules<AnyBinding> {
  const validate = (binding: AnyBinding, out: Findings) => checkBinding(binding, kinds, namespaced, out);
  return {
    name: pathSegmentName,
    createOnUpdate: true,
    defaults(binding) {
      if (binding.roleRef) binding.roleRef.apiGroup ||= group;
      for (const subject of binding.subjects ?? []) {
        if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= group;
      }
    },
    validate,
    validateUpdate(binding, old, out) {
      validate(binding, out);
      if (!semanticEqual(binding.roleRef, old.roleRef)) {
        out.invalid(root('roleRef'), binding.roleRef, 'cannot change roleRef');
      }
    },
  };
}

export const roleBindingRules = bindingRules(['Role', 'ClusterRole'], true);
export const clusterRoleBindingRules = bindingRules(['ClusterRole'], false);

function checkBinding(
  binding: AnyBinding,
  kinds: readonly string[],
  namespaced: boolean,
  out: Findings,
): void {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  const at = root('roleRef');
  if (apiGroup !== group) out.notSupported(at.child('apiGroup'), apiGroup, [group]);
  if (!kinds.includes(kind)) out.notSupported(at.child('kind'), kind, kinds);
  if (!name) out.required(at.child('name'));
  else out.invalidAll(at.child('name'), name, pathSegmentErrors(name));
  (binding.subjects ?? []).forEach((subject, i) => {
    checkSubject(subject, namespaced, root('subjects').index(i), out);
  });
}

function checkSubject(subject: RbacSubject, namespaced: boolean, at: FieldPath, out: Findings): void {
  const { kind, name, namespace, apiGroup = '' } = subject;
  if (!name) out.required(at.child('name'));
  if (kind === 'ServiceAccount') {
    if (name) checkSubdomain(name, at.child('name'), out);
    if (apiGroup) out.notSupported(at.child('apiGroup'), apiGroup, ['']);
    if (!namespace && !namespaced) out.required(at.child('namespace'));
  } else if (kind === 'User' || kind === 'Group') {
    if (!name) out.invalid(at.child('name'), name ?? '', `${kind.toLowerCase()} name cannot be empty`);
    if (apiGroup !== group) out.notSupported(at.child('apiGroup'), apiGroup, [group]);
  } else out.notSupported(at.child('kind'), kind ?? '', ['ServiceAccount', 'User', 'Group']);
}
