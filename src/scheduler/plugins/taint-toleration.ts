import { tolerates } from '../../api/tolerations.ts';
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
