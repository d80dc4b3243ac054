import type {
  Affinity,
  LabelSelector,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../generated/types.ts';
import { labelValueErrors, subdomainErrors } from '../../names.ts';
import { checkLabelName } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelKey, checkLabelSelector } from '../metadata.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const badOperator = 'not a valid selector operator';

export function checkAffinity(affinity: Affinity, at: FieldPath, out: Findings): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity) {
    const here = at.child('nodeAffinity');
    if (nodeAffinity[required]) checkNodeSelector(nodeAffinity[required], here.child(required), out);
    (nodeAffinity[preferred] ?? []).forEach((term, i) => {
      const termAt = here.child(preferred).index(i);
      checkWeight(term.weight, termAt, out);
      checkNodeSelectorTerm(term.preference ?? {}, false, termAt.child('preference'), out);
    });
  }
  if (podAffinity) checkPodAffinity(podAffinity, at.child('podAffinity'), out);
  if (podAntiAffinity) checkPodAffinity(podAntiAffinity, at.child('podAntiAffinity'), out);
}

function checkWeight(weight: number, at: FieldPath, out: Findings): void {
  if (!(weight > 0 && weight <= 100)) {
    out.invalid(at.child('weight'), weight ?? 0, 'must be in the range 1-100');
  }
}

export function checkNodeSelector(selector: NodeSelector, at: FieldPath, out: Findings): void {
  const here = at.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) out.required(here, 'must have at least one node selector term');
  terms.forEach((term, i) => {
    checkNodeSelectorTerm(term, true, here.index(i), out);
  });
}

/** Values that can't be a label's are let pass where the term is a wish only. */
function checkNodeSelectorTerm(
  term: NodeSelectorTerm,
  checkValues: boolean,
  at: FieldPath,
  out: Findings,
): void {
  (term.matchExpressions ?? []).forEach((requirement, i) => {
    const here = at.child('matchExpressions').index(i);
    checkOperator(requirement, here, out);
    checkLabelKey(requirement.key ?? '', here.child('key'), out);
    if (!checkValues) return;
    (requirement.values ?? []).forEach((value, j) => {
      out.invalidAll(here.child('values').index(j), value, labelValueErrors(value));
    });
  });
  (term.matchFields ?? []).forEach((requirement, i) => {
    checkNodeField(requirement, at.child('matchFields').index(i), out);
  });
}

function checkOperator(requirement: NodeSelectorRequirement, at: FieldPath, out: Findings): void {
  const count = requirement.values?.length ?? 0;
  const values = at.child('values');
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (count === 0) out.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (count > 0) {
        out.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      return;
    case 'Gt':
    case 'Lt':
      if (count !== 1) out.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      return;
    default:
      out.invalid(at.child('operator'), requirement.operator ?? '', badOperator);
  }
}

function checkNodeField(requirement: NodeSelectorRequirement, at: FieldPath, out: Findings): void {
  const values = requirement.values ?? [];
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    out.invalid(at.child('operator'), requirement.operator ?? '', badOperator);
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    out.required(at.child('values'), why);
  }
  if (requirement.key !== 'metadata.name') {
    out.invalid(at.child('key'), requirement.key ?? '', 'not a valid field selector key');
    return;
  }
  values.forEach((value, i) => {
    out.invalidAll(at.child('values').index(i), value, subdomainErrors(value));
  });
}

function checkPodAffinity(affinity: PodAffinity, at: FieldPath, out: Findings): void {
  (affinity[required] ?? []).forEach((term, i) => {
    checkPodAffinityTerm(term, at.child(required).index(i), out);
  });
  (affinity[preferred] ?? []).forEach((term, i) => {
    const here = at.child(preferred).index(i);
    checkWeight(term.weight, here, out);
    checkPodAffinityTerm(term.podAffinityTerm ?? { topologyKey: '' }, here.child('podAffinityTerm'), out);
  });
}

function checkPodAffinityTerm(term: PodAffinityTerm, at: FieldPath, out: Findings): void {
  checkLabelSelector(term.labelSelector, at.child('labelSelector'), out);
  checkLabelSelector(term.namespaceSelector, at.child('namespaceSelector'), out);
  for (const namespace of term.namespaces ?? []) checkLabelName(namespace, at.child('namespace'), out);
  checkMatchLabelKeys(term, at, out);
  if (!term.topologyKey) out.required(at.child('topologyKey'), 'can not be empty');
  checkLabelKey(term.topologyKey ?? '', at.child('topologyKey'), out);
}

interface LabelKeys {
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
  labelSelector?: LabelSelector;
}

/**
 * Keys whose values a pod's own labels give. In a pod, `mergeLabelKeys` has added a requirement for each: one that is
 * there twice was asked for otherwise too.
 */
export function checkMatchLabelKeys(term: LabelKeys, at: FieldPath, out: Findings): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  checkLabelKeys(matchLabelKeys, labelSelector, at.child('matchLabelKeys'), out);
  checkLabelKeys(mismatchLabelKeys, labelSelector, at.child('mismatchLabelKeys'), out);
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys.lastIndexOf(key);
    // Upstream's path: of the term, not of its keys.
    if (i >= 0 && selected.has(key)) {
      out.invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector');
    }
    selected.add(key);
  }
  matchLabelKeys.forEach((key, i) => {
    if (!mismatchLabelKeys.includes(key)) return;
    const why = 'exists in both matchLabelKeys and mismatchLabelKeys';
    out.invalid(at.child('matchLabelKeys').index(i), key, why);
  });
}

function checkLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  at: FieldPath,
  out: Findings,
): void {
  if (keys.length === 0) return;
  if (!selector) {
    out.forbidden(at, 'must not be specified when labelSelector is not set');
    return;
  }
  keys.forEach((key, i) => {
    checkLabelKey(key, at.index(i), out);
  });
}
