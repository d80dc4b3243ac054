import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './generated/types.ts';

/** What selectors of nodes look at. */
export interface SelectableNode {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** Whether the node satisfies the pod's `nodeSelector` and its required node affinity. */
export function matchesRequiredNodeAffinity(
  spec: Partial<PodSpec> | undefined,
  node: SelectableNode,
): boolean {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const labels = Object.entries(spec?.nodeSelector ?? {});
  if (!labels.every(([key, value]) => node.labels[key] === value)) return false;
  return !required || matchesNodeTerms(required.nodeSelectorTerms, node);
}

/** Terms are alternatives; one without any requirement matches nothing. */
export function matchesNodeTerms(terms: readonly NodeSelectorTerm[], node: SelectableNode): boolean {
  return terms.some(term => matchesNodeTerm(term, node));
}

export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: SelectableNode,
): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every(requirement => satisfies(requirement, node.labels[requirement.key])) &&
    matchFields.every(requirement => requirement.key === 'metadata.name' && satisfies(requirement, node.name))
  );
}

function satisfies({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0]);
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^[+-]?\d+$/.test(text);
}
