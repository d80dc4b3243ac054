import { createHash } from 'node:crypto';
import type { Container, EphemeralContainer, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

/** A pod as the agent knows it: from the API. */
export type NodePod = Stored<Pod> & { spec: NonNullable<Pod['spec']> };

/** kubelet's `name_namespace(uid)` of messages and log lines. */
export function formatPod(pod: Pod): string {
  const { name, namespace, uid } = pod.metadata ?? {};
  return `${name}_${namespace}(${uid})`;
}

export type ContainerKind = 'init' | 'sidecar' | 'regular' | 'ephemeral';

export interface ContainerSpec {
  kind: ContainerKind;
  spec: Container;
  /** Of an ephemeral container: the one whose process namespace it joins. */
  targetName?: string;
}

/** All containers of a pod in the order they may start. */
export function containersOf(pod: Pod): ContainerSpec[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [
    ...initContainers.map(spec => ({
      kind: isSidecar(spec) ? ('sidecar' as const) : ('init' as const),
      spec,
    })),
    ...containers.map(spec => ({ kind: 'regular' as const, spec })),
    ...ephemeralContainers.map(spec => ({
      kind: 'ephemeral' as const,
      spec: spec as Container,
      targetName: (spec as EphemeralContainer).targetContainerName,
    })),
  ];
}

/** An init container that keeps running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The field path of a container for events: `spec.containers{web}`. */
export function containerFieldPath({ kind, spec }: ContainerSpec): string {
  const lists = {
    init: 'initContainers',
    sidecar: 'initContainers',
    regular: 'containers',
    ephemeral: 'ephemeralContainers',
  };
  return `spec.${lists[kind]}{${spec.name}}`;
}

/** What makes a running container outdated when it changes: upstream hashes name and image. */
export function containerHash(container: Container): string {
  const text = JSON.stringify({ name: container.name, image: container.image });
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

export function isHostNetwork(pod: Pod): boolean {
  return pod.spec?.hostNetwork === true;
}

/** Labels and annotations on sandboxes and containers: all that is needed to know them again after a restart. */
export const runtimeLabels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const;

export const runtimeAnnotations = {
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  gracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
  preStop: 'io.kubernetes.container.preStopHandler',
  ports: 'io.kubernetes.container.ports',
} as const;
