import { tolerates } from '../../api/tolerations.ts';
import type { Rejection, SchedulingPlugin } from '../framework.ts';

const rejection: Rejection = { reasons: ['node(s) were unschedulable'], unresolvable: true };
const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Cordoned nodes take no pod, save one that tolerates the taint that says so. */
export const nodeUnschedulable: SchedulingPlugin = {
  name: 'NodeUnschedulable',
  weight: 0,
  requeueOn: ['node.added', 'node.taints'],
  prepare(pod) {
    if (tolerates(pod.tolerations, unschedulableTaint)) return undefined;
    return { filter: info => (info.node.spec?.unschedulable ? rejection : undefined) };
  },
};
