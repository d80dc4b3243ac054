import type { Node, NodeSpec, NodeStatus, Pod, PodSpec } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { NodeInfo } from './node-info.ts';
import { type PodInfo, podInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Objects and snapshots for the scheduler's tests. */

export function testNode(
  name: string,
  given: { labels?: Record<string, string>; spec?: NodeSpec; status?: NodeStatus } = {},
): Stored<Node> {
  const labels = { 'kubernetes.io/hostname': name, ...given.labels };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}`, resourceVersion: '1', labels },
    spec: given.spec ?? {},
    status: given.status ?? { allocatable: { cpu: '2', memory: '4Gi', pods: '110' } },
  };
}

export function testPod(
  name: string,
  given: { labels?: Record<string, string>; spec?: Partial<PodSpec>; cpu?: string; namespace?: string } = {},
): Stored<Pod> {
  const { labels = {}, spec, cpu, namespace = 'default' } = given;
  const container = { name: 'main', image: 'nginx', ...(cpu && { resources: { requests: { cpu } } }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid: `pod-${namespace}-${name}`, resourceVersion: '1', labels },
    spec: { schedulerName: 'default-scheduler', containers: [container], ...spec },
    status: { phase: 'Pending' },
  };
}

/** A snapshot of `nodes` with the pods that name them. */
export function testSnapshot(
  nodes: Stored<Node>[],
  pods: Stored<Pod>[] = [],
  more: Partial<Snapshot> = {},
): Snapshot {
  const infos = new Map(nodes.map(node => [node.metadata.name, new NodeInfo(node)]));
  for (const pod of pods) infos.get(pod.spec?.nodeName ?? '')?.add(podInfo(pod));
  return {
    nodes: infos,
    namespaceLabels: () => ({}),
    claim: () => undefined,
    volume: () => undefined,
    volumes: () => [],
    storageClass: () => undefined,
    workloadSelector: () => undefined,
    ...more,
  };
}

export function testInfo(name: string, given: Parameters<typeof testPod>[1] = {}): PodInfo {
  return podInfo(testPod(name, given));
}
