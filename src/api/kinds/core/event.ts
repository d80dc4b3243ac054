import type { CoreEvent, EventsEvent, ObjectReference } from '../../generated/types.ts';
import { checkQualifiedName } from '../checks.ts';
import { root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';

/** Characters at most (pkg/apis/core/validation/events.go). */
const maxText = 128;
const maxNote = 1024;

/** What is checked of an event, whichever group it comes through. */
interface EventFields {
  namespace: string;
  about?: ObjectReference | undefined;
  eventTime?: string | undefined;
  /** With the name it has in the group. */
  controller: { field: string; value: string | undefined };
  reportingInstance?: string | undefined;
  action?: string | undefined;
  reason?: string | undefined;
  note?: string | undefined;
}

export const eventRules: KindRules<CoreEvent> = {
  createOnUpdate: true,
  validate(event, out) {
    const { metadata, involvedObject: about, reportingComponent: value, message: note } = event;
    const namespace = metadata.namespace ?? '';
    checkEvent({ ...event, namespace, about, controller: { field: 'reportingComponent', value }, note }, out);
  },
};

/**
 * The newer group asks for more, of events that are made through it. Its updates may change any field: upstream
 * compares the new event with itself, and its conformance tests patch the note.
 */
export const newEventRules: KindRules<EventsEvent> = {
  createOnUpdate: true,
  validate(event, out) {
    checkNewEvent(event, out);
    const { series, eventTime, type } = event;
    if (series) {
      if ((series.count ?? 0) < 2) out.invalid(root('series.count'), '', 'should be at least 2');
      if (!series.lastObservedTime) out.required(root('series.lastObservedTime'));
    }
    if (!eventTime) out.required(root('eventTime'));
    if (type !== 'Normal' && type !== 'Warning') {
      out.invalid(root('type'), '', `has invalid value: ${type ?? ''}`);
    }
    const { deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, deprecatedSource } = event;
    const unset = (field: string) => out.invalid(root(field), '', 'needs to be unset');
    if (deprecatedFirstTimestamp) unset('firstTimestamp');
    if (deprecatedLastTimestamp) unset('lastTimestamp');
    if (deprecatedCount) unset('count');
    if (deprecatedSource?.component || deprecatedSource?.host) unset('source');
  },
  validateUpdate: (event, _old, out) => checkNewEvent(event, out),
};

function checkNewEvent(event: EventsEvent, out: Findings): void {
  const { metadata, regarding: about, reportingController: value } = event;
  const namespace = metadata?.namespace ?? '';
  checkEvent({ ...event, namespace, about, controller: { field: 'reportingController', value } }, out);
}

/** Events with `eventTime` are of the newer kind and have to say who reports what. */
function checkEvent(event: EventFields, out: Findings): void {
  const about = event.about?.namespace ?? '';
  const clusterWide = event.eventTime ? ['default', 'kube-system'] : ['', 'default'];
  const fits =
    about === '' ? clusterWide.includes(event.namespace) : event.eventTime || about === event.namespace;
  if (!fits) out.invalid(root('involvedObject').child('namespace'), about, 'does not match event.namespace');
  if (!event.eventTime) return;
  const { field, value } = event.controller;
  if (!value) out.required(root(field));
  checkQualifiedName(value ?? '', root(field), out);
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field] ?? '';
    if (!text) out.required(root(field));
    else if (text.length > maxText) out.invalid(root(field), '', `can have at most ${maxText} characters`);
  }
  if ((event.note ?? '').length > maxNote) {
    out.invalid(root('message'), '', `can have at most ${maxNote} characters`);
  }
}
