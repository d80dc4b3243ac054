import type { NodeSelectorTerm } from '../../api/generated/types.ts';
import { matchesNodeTerm, matchesRequiredNodeAffinity } from '../../api/node-selector.ts';
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
    const filter = (node: NodeInfo) => (matchesRequiredNodeAffinity(pod.spec, node) ? undefined : rejection);
    const onlyNodes = required && namedNodes(required.nodeSelectorTerms);
    return onlyNodes ? { filter, onlyNodes } : { filter };
  },
  score(pod, _snapshot, nodes) {
    const preferred = preferredTerms(pod);
    if (preferred.length === 0) return undefined;
    const sums = nodes.map(node => {
      let sum = 0;
      for (const { weight, preference } of preferred) if (matchesNodeTerm(preference, node)) sum += weight;
      return sum;
    });
    return normalizeByMax(sums);
  },
};

function preferredTerms({ pod }: PodInfo) {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
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
