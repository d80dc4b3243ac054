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
  /** `object(bytes)` in the watch's encoding, had without making it where that is possible. */
  encoded(bytes: Uint8Array): Uint8Array;
  readonly encoding: EventEncoding;
}

/** How events are written. */
export interface EventEncoding {
  event(type: string, object: Uint8Array): Uint8Array;
  /** An object that is no stored one. */
  object(value: object): Uint8Array;
}

const lineEnd = Buffer.from('}\n');
const heads = new Map(
  ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'].map(type => [
    type,
    Buffer.from(`{"type":"${type}","object":`),
  ]),
);

/** One line an event. */
export const jsonEvents: EventEncoding = {
  event: (type, object) => Buffer.concat([heads.get(type)!, object, lineEnd]),
  object: value => Buffer.from(JSON.stringify(value)),
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
    const { encoding } = this.#form;
    this.#bytes ??= encoding.event(this.#type, this.#form.encoded(this.#stored));
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
export function plainEvent(type: 'BOOKMARK' | 'ERROR', object: object, { encoding }: EventForm): WatchEvent {
  const value = { type, object } as WatchEventOf<KubeObject>;
  return { bytes: () => encoding.event(type, encoding.object(object)), value: () => value };
}
