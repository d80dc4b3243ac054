import type { Container, Pod } from '../../api/generated/types.ts';
import {
  compareQuantity,
  parseQuantity,
  quantityMilliValue,
  quantitySign,
  quantityValue,
} from '../../api/quantity.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const computeResources = ['cpu', 'memory'];

/**
 * Guaranteed: every container has limits of cpu and memory and its requests equal them. BestEffort: none has
 * either. Burstable: the rest. Source: kubernetes.io/docs/concepts/workloads/pods/pod-qos
 */
export function qosClass(pod: Pod): QosClass {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of computeResources) {
      const request = resources?.requests?.[name];
      const limit = resources?.limits?.[name];
      if (isSet(request) || isSet(limit)) any = true;
      if (!isSet(limit) || (isSet(request) && !sameQuantity(request, limit))) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function isSet(quantity: string | undefined): quantity is string {
  return quantity !== undefined && quantitySign(parseQuantity(quantity)) > 0;
}

function sameQuantity(a: string, b: string): boolean {
  return compareQuantity(parseQuantity(a), parseQuantity(b)) === 0;
}

/** Milli-units of a quantity; 0 where it is not set. */
export function milli(quantity: string | undefined): number {
  return quantity === undefined ? 0 : quantityMilliValue(parseQuantity(quantity));
}

/** Whole units (bytes) of a quantity; 0 where it is not set. */
export function whole(quantity: string | undefined): number {
  return quantity === undefined ? 0 : quantityValue(parseQuantity(quantity));
}

/**
 * What the kernel's out-of-memory killer adds to a container's badness: the more it asked for, the safer it is.
 * Source: kubelet `GetContainerOOMScoreAdjust`.
 */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacity: number): number {
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = whole(container.resources?.requests?.memory);
  const score = 1000 - Math.floor((1000 * request) / Math.max(memoryCapacity, 1));
  return Math.min(Math.max(score, 3), 999);
}
