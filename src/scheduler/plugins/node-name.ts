import type { Rejection, SchedulingPlugin } from '../framework.ts';

const rejection: Rejection = {
  reasons: ["node(s) didn't match the requested node name"],
  unresolvable: true,
};

/** A pod that names its node goes nowhere else. */
export const nodeName: SchedulingPlugin = {
  name: 'NodeName',
  weight: 0,
  requeueOn: ['node.added'],
  prepare({ pod }) {
    const wanted = pod.spec?.nodeName;
    return wanted ? { filter: info => (info.name === wanted ? undefined : rejection) } : undefined;
  },
};
