import type {
  LabelSelector,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/**
 * What plugins see of the cluster. Scheduling one pod is synchronous, so the live state serves as the
 * snapshot; the preemption's what-if replaces single nodes.
 */
export interface Snapshot {
  readonly nodes: ReadonlyMap<string, NodeInfo>;
  /** Labels of a namespace; undefined where it is not there. */
  namespaceLabels(name: string): Readonly<Record<string, string>> | undefined;
  claim(namespace: string, name: string): Stored<PersistentVolumeClaim> | undefined;
  volume(name: string): Stored<PersistentVolume> | undefined;
  /** All volumes that no pod on its way to a node has been promised. */
  volumes(): readonly Stored<PersistentVolume>[];
  storageClass(name: string): Stored<StorageClass> | undefined;
  /** The selectors of the Services and workloads a pod belongs to, for spreading by default. */
  workloadSelector(pod: PodInfo): LabelSelector | undefined;
}

/** The snapshot with `node` in the place of the one of its name. */
export function withNode(snapshot: Snapshot, node: NodeInfo): Snapshot {
  const nodes = new Map(snapshot.nodes);
  nodes.set(node.name, node);
  return {
    nodes,
    namespaceLabels: name => snapshot.namespaceLabels(name),
    claim: (namespace, name) => snapshot.claim(namespace, name),
    volume: name => snapshot.volume(name),
    volumes: () => snapshot.volumes(),
    storageClass: name => snapshot.storageClass(name),
    workloadSelector: pod => snapshot.workloadSelector(pod),
  };
}
