import type { KubeObject } from '../api/objects.ts';

/**
 * Writes Kubernetes Events about objects. Never fails and never waits: an event that can't be written is
 * dropped with a log line. Equal events are counted up on one Event instead of written again.
 */
export interface EventRecorder {
  /**
   * @param object what the event is about; `apiVersion` and `kind` must be set.
   * @param reason UpperCamelCase, for machines: `FailedScheduling`.
   * @param options.fieldPath the part of the object: `spec.containers{web}`.
   */
  event(
    object: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: { fieldPath?: string; action?: string },
  ): void;
}
