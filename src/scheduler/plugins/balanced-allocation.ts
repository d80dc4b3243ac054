import { maxScore, type SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

/** Prefers nodes whose CPU and memory would be used up evenly. Pods that request neither are no matter to it. */
export const balancedAllocation: SchedulingPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  requeueOn: [],
  score(pod, _snapshot, nodes) {
    if (!pod.requests.cpu && !pod.requests.memory) return undefined;
    return nodes.map(node => evenness(pod, node));
  },
};

function evenness(pod: PodInfo, node: NodeInfo): number {
  const fractions: number[] = [];
  for (const name of ['cpu', 'memory']) {
    const all = node.allocatable[name] ?? 0;
    if (all === 0) continue;
    const used = (node.requested[name] ?? 0) + (pod.requests[name] ?? 0);
    fractions.push(Math.min(1, used / all));
  }
  const [a, b] = fractions;
  const deviation = a !== undefined && b !== undefined ? Math.abs(a - b) / 2 : 0;
  return Math.floor((1 - deviation) * maxScore);
}
