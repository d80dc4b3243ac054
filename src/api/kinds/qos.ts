import type { Container, Pod, PodSpec, ResourceRequirements } from '../generated/types.ts';
import { compareText, signOf } from './quantities.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const computeResources = ['cpu', 'memory'] as const;

/** The pod's class as recorded, or as its spec says. */
export function podQosClass(pod: Pod): QosClass {
  return (pod.status?.qosClass as QosClass | undefined) ?? computeQosClass(pod.spec ?? { containers: [] });
}

/**
 * Guaranteed: cpu and memory limited everywhere and requested at the limit. BestEffort: neither requested nor
 * limited anywhere. Burstable: all else. Pod-level resources, where given, decide alone.
 */
export function computeQosClass(spec: PodSpec): QosClass {
  const all = hasComputeResources(spec.resources)
    ? [spec.resources]
    : containersOf(spec).map(container => container.resources);
  if (!all.some(hasComputeResources)) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function containersOf(spec: PodSpec): Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
}

function hasComputeResources(resources: ResourceRequirements | undefined): boolean {
  return computeResources.some(
    name => signOf(resources?.requests?.[name]) > 0 || signOf(resources?.limits?.[name]) > 0,
  );
}

function isGuaranteed(resources: ResourceRequirements | undefined): boolean {
  return computeResources.every(name => {
    const limit = resources?.limits?.[name];
    if (signOf(limit) <= 0) return false;
    const request = resources?.requests?.[name];
    return request === undefined || compareText(request, limit) === 0;
  });
}
