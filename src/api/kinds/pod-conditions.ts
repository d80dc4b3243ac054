import type { Container, ContainerStatus, Pod, PodCondition } from '../generated/types.ts';

/** The predicates on a pod's status that controllers, proxies and printers share. */

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find(condition => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Ready for at least `minReadySeconds` at `now` (milliseconds since the epoch). */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  const since = Date.parse(ready.lastTransitionTime ?? '');
  return Number.isFinite(since) && since + minReadySeconds * 1000 <= now;
}

/** Succeeded or failed: it will never run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Neither done nor being deleted: what a controller counts as one of its replicas. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !pod.metadata?.deletionTimestamp;
}

export function isPodTerminating(pod: Pod): boolean {
  return Boolean(pod.metadata?.deletionTimestamp);
}

/** Bound to a node. */
export function isPodScheduled(pod: Pod): boolean {
  return Boolean(pod.spec?.nodeName);
}

export function isPodInitialized(pod: Pod): boolean {
  return podCondition(pod, 'Initialized')?.status === 'True';
}

/** The status of a container of any sort, by name. */
export function containerStatusOf(pod: Pod, container: Pick<Container, 'name'>): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  for (const list of [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]) {
    const found = list?.find(status => status.name === container.name);
    if (found) return found;
  }
  return undefined;
}
