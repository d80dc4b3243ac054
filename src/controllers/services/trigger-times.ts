import type { Pod, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { podCondition } from '../pods/pod-state.ts';

interface Known {
  service: number;
  pods: Map<string, number>;
}

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * Remembers for each Service what changed since its endpoints were last written, so that what was written
 * can say what change it answers: network programming latency is measured from there.
 */
export class TriggerTimes {
  readonly #known = new Map<string, Known>();

  /** The earliest change not told yet, milliseconds since the epoch; undefined: nothing is new. */
  next(service: Stored<Service>, pods: readonly Stored<Pod>[]): number | undefined {
    const key = objectKey(service);
    const before = this.#known.get(key);
    const created = timeOf(service.metadata.creationTimestamp);
    const times = new Map<string, number>();
    const changes: number[] = before?.service === created ? [] : [created];
    for (const pod of pods) {
      const time = timeOf(podCondition(pod, 'Ready')?.lastTransitionTime);
      times.set(pod.metadata.uid, time);
      if (time > (before?.pods.get(pod.metadata.uid) ?? 0)) changes.push(time);
    }
    this.#known.set(key, { service: created, pods: times });
    const told = changes.filter(time => time > 0);
    return told.length > 0 ? Math.min(...told) : undefined;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
