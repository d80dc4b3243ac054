import type { Pod } from '../generated/types.ts';

/** What a pod's conditions say. */

export function isPodReady(pod: Pod): boolean {
  return holds(pod, 'Ready');
}

export function isPodInitialized(pod: Pod): boolean {
  return holds(pod, 'Initialized');
}

function holds(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some(c => c.type === type && c.status === 'True') ?? false;
}
