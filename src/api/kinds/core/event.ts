import type { CoreEvent, EventsEvent } from '../../generated/types.ts';
import { checkQualifiedName } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';

/** An event about an object stands in the object's namespace; one about a cluster-wide object in `default`. */
function checkNamespace(namespace: string, about: string, field: string, out: Findings): void {
  const fits = about === '' ? ['', 'default', 'kube-system'].includes(namespace) : about === namespace;
  if (!fits) out.invalid(root(field).child('namespace'), about, 'does not match event.namespace');
}

export const eventRules: KindRules<CoreEvent> = {
  createOnUpdate: true,
  validate(event, out) {
    checkNamespace(
      event.metadata?.namespace ?? '',
      event.involvedObject?.namespace ?? '',
      'involvedObject',
      out,
    );
  },
};

const maxText = 128;
const maxNote = 1024;

/** The newer group asks for more; what came through the older one may stay as it is. */
export const newEventRules: KindRules<EventsEvent> = {
  createOnUpdate: true,
  validate: checkNewEvent,
  validateUpdate(event, old, out) {
    checkNewEvent(event, out);
    for (const field of ['regarding', 'related', 'type', 'reason', 'action', 'note'] as const) {
      if (!semanticEqual(event[field], old[field]))
        checkImmutable(event[field], old[field], root(field), out);
    }
  },
};

function checkNewEvent(event: EventsEvent, out: Findings): void {
  checkNamespace(event.metadata?.namespace ?? '', event.regarding?.namespace ?? '', 'involvedObject', out);
  if (!event.eventTime) out.required(root('eventTime'));
  if (!event.reportingController) out.required(root('reportingController'));
  else checkQualifiedName(event.reportingController, root('reportingController'), out);
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field] ?? '';
    if (!text) out.required(root(field));
    else if (text.length > maxText) out.invalid(root(field), text, `can have at most ${maxText} characters`);
  }
  if ((event.note ?? '').length > maxNote) {
    out.invalid(root('message'), event.note, `can have at most ${maxNote} characters`);
  }
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    out.invalid(root('type'), '', `has invalid value: ${event.type ?? ''}`);
  }
}
