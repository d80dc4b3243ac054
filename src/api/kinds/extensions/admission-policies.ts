import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../generated/types.ts';
import { label1035Errors, pathSegmentErrors, subdomainErrors } from '../../names.ts';
import { parseApiVersion } from '../../objects.ts';
import { checkOptionalOneOf, checkSubdomain, Unique } from '../checks.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';
import { checkRuleWithOperations } from './admission-rules.ts';
import { checkMutatingExpressions, checkValidatingExpressions } from './policy-expressions.ts';

/** The shape of admission policies and their bindings. */

const actions = ['Audit', 'Deny', 'Warn'];

function defaultMatch(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])])
    rule.scope ??= '*';
}

export const validatingPolicyRules: KindRules<ValidatingAdmissionPolicy> = {
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
  defaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    defaultMatch(spec.matchConstraints);
  },
  validate(policy, out) {
    const { spec } = policy;
    checkOptionalOneOf(spec?.failurePolicy, ['Fail', 'Ignore'], specPath.child('failurePolicy'), out);
    checkParamKind(spec?.paramKind, out);
    checkConstraints(spec?.matchConstraints, out);
    const validations = spec?.validations ?? [];
    if (validations.length === 0 && !spec?.auditAnnotations?.length) {
      const why = 'validations or auditAnnotations must contain at least one item';
      out.required(specPath.child('validations'), why);
      out.required(specPath.child('auditAnnotations'), why);
    }
    checkValidatingExpressions(policy, out);
  },
};

export const mutatingPolicyRules: KindRules<MutatingAdmissionPolicy> = {
  hasGeneration: true,
  unconditionalUpdate: false,
  defaults({ spec }) {
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    defaultMatch(spec.matchConstraints);
  },
  validate(policy, out) {
    const { spec } = policy;
    checkOptionalOneOf(spec?.failurePolicy, ['Fail', 'Ignore'], specPath.child('failurePolicy'), out);
    checkParamKind(spec?.paramKind, out);
    checkConstraints(spec?.matchConstraints, out);
    if (!spec?.mutations?.length) {
      out.required(specPath.child('mutations'), 'mutations must contain at least one item');
    }
    checkMutatingExpressions(policy, out);
  },
};

function checkParamKind(param: ParamKind | undefined, out: Findings): void {
  if (!param) return;
  const { apiVersion = '', kind = '' } = param;
  const at = specPath.child('paramKind');
  checkParamVersion(apiVersion, at.child('apiVersion'), out);
  if (!kind) {
    out.required(at.child('kind'));
    return;
  }
  const wrong = label1035Errors(kind.toLowerCase());
  const why = `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
  if (wrong.length > 0) out.invalid(at.child('kind'), kind, why);
}

function checkParamVersion(apiVersion: string, at: FieldPath, out: Findings): void {
  if (!apiVersion) {
    out.required(at);
    return;
  }
  if (apiVersion.split('/').length > 2) {
    out.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    return;
  }
  const { group, version } = parseApiVersion(apiVersion);
  const groupErrors = group ? subdomainErrors(group) : [];
  if (groupErrors.length > 0) out.invalid(at, group, groupErrors.join(','));
  const versionErrors = version ? label1035Errors(version) : [];
  if (!version) out.invalid(at, apiVersion, 'version must be specified');
  else if (versionErrors.length > 0) out.invalid(at, version, versionErrors.join(','));
}

function checkConstraints(match: MatchResources | undefined, out: Findings): void {
  const at = specPath.child('matchConstraints');
  if (!match) {
    out.required(at);
    return;
  }
  if (!match.resourceRules?.length) out.required(at.child('resourceRules'));
  checkMatch(match, at, out);
}

function checkMatch(match: MatchResources | undefined, at: FieldPath, out: Findings): void {
  if (!match) return;
  checkOptionalOneOf(match.matchPolicy, ['Equivalent', 'Exact'], at.child('matchPolicy'), out);
  checkLabelSelector(match.namespaceSelector, at.child('namespaceSelector'), out);
  checkLabelSelector(match.objectSelector, at.child('objectSelector'), out);
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    (match[field] ?? []).forEach((rule, i) => {
      const here = at.child(field).index(i);
      checkResourceNames(rule.resourceNames ?? [], here.child('resourceNames'), out);
      checkRuleWithOperations(rule, here, out);
    });
  }
}

function checkResourceNames(names: readonly string[], at: FieldPath, out: Findings): void {
  const seen = new Unique();
  for (const [i, name] of names.entries()) {
    out.invalidAll(at.index(i), name, pathSegmentErrors(name));
    if (!seen.add(name)) out.duplicate(at.index(i), name);
  }
}

type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

function bindingRules(validating: boolean): KindRules<Binding> {
  return {
    hasGeneration: true,
    unconditionalUpdate: false,
    defaults: ({ spec }) => defaultMatch(spec?.matchResources),
    validate({ spec }, out) {
      if (!spec?.policyName) out.required(specPath.child('policyName'));
      else checkSubdomain(spec.policyName, specPath.child('policyName'), out);
      checkParamRef(spec?.paramRef, out);
      checkMatch(spec?.matchResources, specPath.child('matchResources'), out);
      if (!validating) return;
      checkActions((spec as ValidatingAdmissionPolicyBinding['spec'])?.validationActions ?? [], out);
    },
  };
}

export const validatingBindingRules = bindingRules(true);
export const mutatingBindingRules = bindingRules(false);

function checkParamRef(reference: ParamRef | undefined, out: Findings): void {
  if (!reference) return;
  const at = specPath.child('paramRef');
  const both = reference.name && reference.selector;
  if (reference.name) out.invalidAll(at.child('name'), reference.name, pathSegmentErrors(reference.name));
  if (both) out.forbidden(at.child('name'), 'name and selector are mutually exclusive');
  checkLabelSelector(reference.selector, at.child('selector'), out);
  if (both) out.forbidden(at.child('selector'), 'name and selector are mutually exclusive');
  if (!reference.name && !reference.selector) out.required(at, 'one of name or selector must be specified');
  const policy = reference.parameterNotFoundAction;
  if (policy === undefined) out.required(at.child('parameterNotFoundAction'));
  else checkOptionalOneOf(policy, ['Allow', 'Deny'], at.child('parameterNotFoundAction'), out);
}

function checkActions(list: string[], out: Findings): void {
  const at = specPath.child('validationActions');
  if (list.length === 0) out.required(at, 'at least one validation action is required');
  const seen = new Unique();
  for (const [i, action] of list.entries()) {
    if (!actions.includes(action)) out.notSupported(at.index(i), action, actions);
    else if (!seen.add(action)) out.duplicate(at.index(i), action);
  }
  if (list.includes('Deny') && list.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    out.invalid(at, list, why);
  }
}
