import { type KubeObject, objectKey } from '../api/objects.ts';
import type { EventRecorder } from './event-recorder.ts';

/** Keeps events as text for tests: `Normal Scheduled message`. */
export class FakeEventRecorder implements EventRecorder {
  readonly events: string[] = [];
  /** What each event of `events` was about: `Pod default/web`. */
  readonly objects: string[] = [];

  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.events.push(`${type} ${reason} ${message}`);
    this.objects.push(`${object.kind} ${objectKey(object)}`);
  }
}
