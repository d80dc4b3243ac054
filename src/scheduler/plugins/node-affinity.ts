import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../api/generated/types.ts';
import { normalizeByMax, type Rejection, type SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const rejection: Rejection = {
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  unresolvable: true,
};

/** `nodeSelector` and node affinity: the required terms filter, the preferred ones score. */
export const nodeAffinity: SchedulingPlugin = {
  name: 'NodeAffinity',
  weight: 2,
  requeueOn: ['node.added', 'node.labels'],
  prepare({ pod }) {
    const { nodeSelector, affinity } = pod.spec ?? {};
    const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (!nodeSelector && !required) return undefined;
    const filter = (node: NodeInfo) => {
      const matches =
        hasLabels(node, nodeSelector ?? {}) && (!required || matchesTerms(required.nodeSelectorTerms, node));
      return matches ? undefined : rejection;
    };
    const onlyNodes = required && namedNodes(required.nodeSelectorTerms);
    return onlyNodes ? { filter, onlyNodes } : { filter };
  },
  score(pod, _snapshot, nodes) {
    const preferred = preferredTerms(pod);
    if (preferred.length === 0) return undefined;
    const sums = nodes.map(node => {
      let sum = 0;
      for (const { weight, preference } of preferred) if (matchesTerm(preference, node)) sum += weight;
      return sum;
    });
    return normalizeByMax(sums);
  },
};

function preferredTerms({ pod }: PodInfo) {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function hasLabels(node: NodeInfo, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => node.labels[key] === value);
}

/** Whether the node satisfies the pod's `nodeSelector` and required node affinity. */
export function matchesNodeAffinity(pod: PodInfo, node: NodeInfo): boolean {
  return nodeAffinity.prepare?.(pod, undefined as never)?.filter?.(node) === undefined;
}

/** Terms are alternatives; one without any requirement matches nothing. */
export function matchesTerms(terms: readonly NodeSelectorTerm[], node: NodeInfo): boolean {
  return terms.some(term => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeInfo): boolean {
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

/** The nodes that the terms pin by `metadata.name`, when every one of them does. Pods of DaemonSets do. */
function namedNodes(terms: readonly NodeSelectorTerm[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const pinned = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (pinned.length === 0) return undefined;
    for (const { values = [] } of pinned) for (const name of values) names.add(name);
  }
  return terms.length > 0 ? names : undefined;
}
