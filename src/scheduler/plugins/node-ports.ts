import type { Rejection, SchedulingPlugin } from '../framework.ts';
import { portsClash } from '../pod-info.ts';

const rejection: Rejection = {
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  unresolvable: false,
};

/** A host port is had by one pod of a node only. */
export const nodePorts: SchedulingPlugin = {
  name: 'NodePorts',
  weight: 0,
  requeueOn: ['node.added', 'pod.deleted'],
  prepare({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return {
      filter: info => {
        const used = info.usedPorts();
        return hostPorts.some(port => used.some(other => portsClash(port, other))) ? rejection : undefined;
      },
    };
  },
};
