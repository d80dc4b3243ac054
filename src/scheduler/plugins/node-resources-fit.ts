import { maxScore, type SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

/** A node has to have room for all the pod requests; among those that do, the emptier one is better. */
export const nodeResourcesFit: SchedulingPlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  requeueOn: ['node.added', 'node.allocatable', 'pod.deleted'],
  prepare(pod) {
    return {
      filter: node => {
        const lacking = insufficient(pod, node);
        if (lacking.length === 0) return undefined;
        return {
          reasons: lacking.map(({ reason }) => reason),
          unresolvable: lacking.some(({ unresolvable }) => unresolvable),
        };
      },
    };
  },
  score(pod, _snapshot, nodes) {
    return nodes.map(node => leastAllocated(pod, node));
  },
};

/** cpu, memory and ephemeral-storage first, then the extended resources, as kube-scheduler names them. */
const firstResources = ['cpu', 'memory', 'ephemeral-storage'];

function insufficient(pod: PodInfo, node: NodeInfo): { reason: string; unresolvable: boolean }[] {
  const lacking: { reason: string; unresolvable: boolean }[] = [];
  if (node.pods.size + 1 > (node.allocatable.pods ?? 0)) {
    lacking.push({ reason: 'Too many pods', unresolvable: false });
  }
  const others = Object.keys(pod.requests).filter(name => !firstResources.includes(name));
  for (const name of [...firstResources, ...others]) {
    const wanted = pod.requests[name] ?? 0;
    if (wanted === 0) continue;
    const all = node.allocatable[name] ?? 0;
    if (wanted > all - (node.requested[name] ?? 0)) {
      lacking.push({ reason: `Insufficient ${name}`, unresolvable: wanted > all });
    }
  }
  return lacking;
}

function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let weights = 0;
  for (const name of ['cpu', 'memory'] as const) {
    const all = node.allocatable[name] ?? 0;
    if (all === 0) continue;
    const used = node.nonZero[name] + pod.nonZero[name];
    sum += used > all ? 0 : Math.floor(((all - used) * maxScore) / all);
    weights++;
  }
  return weights === 0 ? 0 : Math.floor(sum / weights);
}
