import type { KubeObject, WatchEventOf } from '../../api/objects.ts';
import type { WatchEvent } from '../exchange.ts';
import type { HubChange } from './resource-hub.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** How a watch shows objects: as they are, converted, as metadata only, as rows of a table. */
export interface EventForm {
  /** Equal for forms that give equal encodings, so that watchers share them. Undefined: not to be shared. */
  readonly shareKey: string | undefined;
  /** `bytes` are stored bytes. */
  object(bytes: Uint8Array): KubeObject;
  /** The JSON of `object(bytes)`, where it can be had without making it. */
  json(bytes: Uint8Array): Uint8Array;
}

const lineEnd = Buffer.from('}\n');
const heads = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};

class ObjectEvent implements WatchEvent {
  readonly #type: EventType;
  readonly #stored: Uint8Array;
  readonly #form: EventForm;
  #bytes: Uint8Array | undefined;

  constructor(type: EventType, stored: Uint8Array, form: EventForm) {
    this.#type = type;
    this.#stored = stored;
    this.#form = form;
  }

  bytes(): Uint8Array {
    this.#bytes ??= Buffer.concat([heads[this.#type], this.#form.json(this.#stored), lineEnd]);
    return this.#bytes;
  }

  value(): WatchEventOf {
    return { type: this.#type, object: this.#form.object(this.#stored) };
  }
}

/** The event for an object that is there at the start of a watch. */
export function initialEvent(stored: Uint8Array, form: EventForm): WatchEvent {
  return new ObjectEvent('ADDED', stored, form);
}

/** The event of a change; made once per form for all watchers. `stored` are the bytes it shows. */
export function changeEvent(
  change: HubChange,
  type: EventType,
  stored: Uint8Array,
  form: EventForm,
): WatchEvent {
  if (form.shareKey === undefined) return new ObjectEvent(type, stored, form);
  const key = `${type} ${form.shareKey}`;
  let event = change.derived.get(key) as WatchEvent | undefined;
  if (!event) {
    event = new ObjectEvent(type, stored, form);
    change.derived.set(key, event);
  }
  return event;
}

/** A BOOKMARK or ERROR event, whose object is no stored one. */
export function plainEvent(type: 'BOOKMARK' | 'ERROR', object: object): WatchEvent {
  const value = { type, object } as WatchEventOf<KubeObject>;
  return { bytes: () => Buffer.from(`${JSON.stringify(value)}\n`), value: () => value };
}
