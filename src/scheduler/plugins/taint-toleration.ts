import type { Taint, Toleration } from '../../api/generated/types.ts';
import { normalizeByMax, type Rejection, type SchedulingPlugin } from '../framework.ts';

// Since 1.35 (kubernetes#134740) the taint's key and value are kept out of the message.
const rejection: Rejection = { reasons: ['node(s) had untolerated taint(s)'], unresolvable: true };

/** Nodes with a NoSchedule or NoExecute taint the pod doesn't tolerate are out; PreferNoSchedule ones score low. */
export const taintToleration: SchedulingPlugin = {
  name: 'TaintToleration',
  weight: 3,
  requeueOn: ['node.added', 'node.taints'],
  prepare(pod) {
    return {
      filter: ({ node }) => {
        const hard = node.spec?.taints?.filter(({ effect }) => effect !== 'PreferNoSchedule') ?? [];
        return hard.every(taint => tolerates(pod.tolerations, taint)) ? undefined : rejection;
      },
    };
  },
  score(pod, _snapshot, nodes) {
    const counts = nodes.map(({ node }) => {
      const soft = node.spec?.taints?.filter(({ effect }) => effect === 'PreferNoSchedule') ?? [];
      return soft.filter(taint => !tolerates(pod.tolerations, taint)).length;
    });
    return normalizeByMax(counts, true);
  },
};

/** Whether one of `tolerations` tolerates `taint`. An empty key with Exists tolerates all, an empty effect every effect. */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(toleration => {
    if (toleration.effect && toleration.effect !== taint.effect) return false;
    if (toleration.key && toleration.key !== taint.key) return false;
    if (!toleration.key && toleration.operator !== 'Exists') return false;
    return matchesValue(toleration, taint.value ?? '');
  });
}

function matchesValue({ operator, value = '' }: Toleration, taint: string): boolean {
  switch (operator) {
    case 'Exists':
      return true;
    case 'Gt':
      return Number(taint) > Number(value);
    case 'Lt':
      return Number(taint) < Number(value);
    default:
      return taint === value;
  }
}
