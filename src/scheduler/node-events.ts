import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../api/generated/types.ts';
import type { ClusterEvent } from './framework.ts';

/** What of a node's change can make room for a pod; heartbeats and conditions are nothing. */
export function nodeEvents(before: Node, after: Node): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  const differs = (a: unknown, b: unknown) => !isDeepStrictEqual(a, b);
  if (differs(before.status?.allocatable, after.status?.allocatable)) events.push('node.allocatable');
  if (differs(before.metadata?.labels, after.metadata?.labels)) events.push('node.labels');
  const taintsDiffer = differs(before.spec?.taints, after.spec?.taints);
  if (taintsDiffer || before.spec?.unschedulable !== after.spec?.unschedulable) events.push('node.taints');
  return events;
}
