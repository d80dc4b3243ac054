import type { Pod } from '../../../api/generated/types.ts';
import type { Strategy } from '../strategies.ts';

/**
 * Pods end gracefully: their node is given time and confirms by deleting with a grace period of 0. Pods no
 * node runs go at once (upstream: pkg/registry/core/pod/strategy.go, CheckGracefulDelete).
 */
export const podStrategy: Strategy = {
  gracePeriod(object, asked) {
    const pod = object as Pod;
    const phase = pod.status?.phase;
    if (!pod.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
    const seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    // "A negative grace period means at once, but not forced": upstream turns it into one second.
    return seconds < 0 ? 1 : seconds;
  },
};
