import type { CoreEvent, EventsEvent } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Conversion } from './storage-form.ts';

/** events.k8s.io/v1 Events are stored as v1 Events (upstream: pkg/apis/events/v1/conversion.go). */
export const eventConversion: Conversion = {
  toStorage(object: KubeObject): KubeObject {
    const event = object as EventsEvent;
    const stored: CoreEvent = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: event.metadata ?? {},
      involvedObject: event.regarding ?? {},
      related: event.related,
      reason: event.reason,
      message: event.note,
      type: event.type,
      action: event.action,
      eventTime: event.eventTime,
      series: event.series,
      reportingComponent: event.reportingController ?? '',
      reportingInstance: event.reportingInstance ?? '',
      source: event.deprecatedSource ?? {},
      firstTimestamp: event.deprecatedFirstTimestamp,
      lastTimestamp: event.deprecatedLastTimestamp,
      count: event.deprecatedCount,
    };
    return withoutUndefined(stored);
  },
  fromStorage(object: KubeObject): KubeObject {
    const event = object as CoreEvent;
    const served = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: event.metadata,
      eventTime: event.eventTime ?? null,
      series: event.series,
      reportingController: event.reportingComponent || undefined,
      reportingInstance: event.reportingInstance || undefined,
      action: event.action,
      reason: event.reason,
      regarding: event.involvedObject,
      related: event.related,
      note: event.message,
      type: event.type,
      deprecatedSource: event.source,
      deprecatedFirstTimestamp: event.firstTimestamp,
      deprecatedLastTimestamp: event.lastTimestamp,
      deprecatedCount: event.count,
    };
    return withoutUndefined(served) as KubeObject;
  },
};

function withoutUndefined<T extends object>(object: T): T {
  for (const key of Object.keys(object) as (keyof T)[]) if (object[key] === undefined) delete object[key];
  return object;
}
