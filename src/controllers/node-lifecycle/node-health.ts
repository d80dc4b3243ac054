import type { Node, NodeCondition } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';

/** The conditions a node agent vouches for; without word from it nobody does. */
const agentConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isNodeReady(node: Node): boolean {
  return readyCondition(node)?.status === 'True';
}

/** The conditions to write on a node that has not been heard of for too long; none where they stand already. */
export function silentConditions(node: Node, now: number): NodeCondition[] {
  const at = formatTime(now);
  const wanted: NodeCondition[] = [];
  for (const type of agentConditions) {
    const present = node.status?.conditions?.find(condition => condition.type === type);
    if (present?.status === 'Unknown') continue;
    const told = present
      ? { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
      : { reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' };
    const lastHeartbeatTime = present?.lastHeartbeatTime ?? node.metadata?.creationTimestamp;
    wanted.push({ type, status: 'Unknown', ...told, lastHeartbeatTime, lastTransitionTime: at });
  }
  return wanted;
}
