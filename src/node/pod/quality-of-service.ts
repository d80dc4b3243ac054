import type { Container, Pod } from '../../api/generated/types.ts';
import { aggregateContainerRequests } from '../../api/kinds/pod-resources.ts';
import { podQosClass } from '../../api/kinds/qos.ts';
import { quantityValue, unitsOf } from '../../api/quantity.ts';
import { isSidecar } from './pod-identity.ts';

/**
 * What the kernel's out-of-memory killer adds to a container's badness: the more it asked for, the safer it is.
 * Memory that the pod as a whole asks for beyond its containers counts for all of them alike; a sidecar is as safe
 * as the regular container that asks for least. Source: kubelet `GetContainerOOMScoreAdjust`.
 */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacity: number): number {
  const qos = podQosClass(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const shared = unclaimedMemory(pod);
  const score = (request: number) =>
    1000 - Math.floor((1000 * (request + shared)) / Math.max(memoryCapacity, 1));
  const requests = (of: Container) => unitsOf(of.resources?.requests?.memory);
  const scores = [score(requests(container))];
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  if (isSidecar(container) && initContainers.some(({ name }) => name === container.name)) {
    scores.push(score(Math.min(...containers.map(requests))));
  }
  return Math.min(Math.max(Math.min(...scores), 3), 999);
}

/** A container's part of what the pod as a whole asks for and no container does, bytes. */
function unclaimedMemory({ spec }: Pod): number {
  const asked = unitsOf(spec?.resources?.requests?.memory);
  if (!spec || asked === 0) return 0;
  const { memory } = aggregateContainerRequests(spec);
  const claimed = memory ? quantityValue(memory) : 0;
  return Math.trunc((asked - claimed) / (spec.containers.length + (spec.initContainers ?? []).length));
}
