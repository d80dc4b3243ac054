import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a node can't take a pod. */
export interface Rejection {
  /** In the words of kube-scheduler; each is counted in the message of FailedScheduling. */
  readonly reasons: readonly string[];
  /** True where evicting pods from the node would not help. */
  readonly unresolvable: boolean;
}

export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/** What a plugin finds out about a pod before it looks at nodes. */
export interface PreFilter {
  /** The pod fits nowhere, whatever the nodes look like. */
  reject?: string;
  /** Only these nodes need looking at. */
  onlyNodes?: ReadonlySet<string>;
  /** Undefined: every node will do. */
  filter?: NodeFilter;
}

/** What happens in the cluster that can make a refused pod fit. */
export type ClusterEvent =
  | 'node.added'
  | 'node.allocatable'
  | 'node.labels'
  | 'node.taints'
  | 'pod.assigned'
  | 'pod.deleted'
  | 'pod.labels'
  | 'volume.changed';

/**
 * One concern of placing a pod. Pure: reads the pod and the snapshot, gives functions or numbers back.
 */
export interface SchedulingPlugin {
  readonly name: string;
  /** What its score counts for; 0 where it has none. */
  readonly weight: number;
  /** Events after which a pod this plugin refused is worth another try. */
  readonly requeueOn: readonly ClusterEvent[];
  prepare?(pod: PodInfo, snapshot: Snapshot): PreFilter | undefined;
  /** A number from 0 to 100 for each of `nodes`, in their order; undefined: no opinion on this pod. */
  score?(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): number[] | undefined;
}

export const maxScore = 100;

/**
 * Stretches scores to 0..100 by their greatest; `reverse` where a low one is good.
 * All 0: everybody gets 0, or 100 reversed.
 */
export function normalizeByMax(scores: readonly number[], reverse = false): number[] {
  const max = Math.max(0, ...scores);
  return scores.map(score => {
    const scaled = max === 0 ? 0 : Math.floor((score * maxScore) / max);
    return reverse ? maxScore - scaled : scaled;
  });
}
