import type { KubeObject, WatchEventOf } from '../../api/objects.ts';
import type { WatchEvent } from '../exchange.ts';
import type { Held } from '../objects/decoded.ts';
import type { HubChange } from './resource-hub.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** How a watch shows objects: as they are, converted, as metadata only, as rows of a table. */
export interface EventForm {
  /** Equal for forms that give equal encodings, so that watchers share them. Undefined: not to be shared. */
  readonly shareKey: string | undefined;
  object(held: Held): KubeObject;
  /** `object(held)` in the watch's encoding, had without making it where that is possible. */
  encoded(held: Held): Uint8Array;
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
  readonly #held: Held;
  readonly #form: EventForm;
  #bytes: Uint8Array | undefined;
  #value: WatchEventOf | undefined;

  constructor(type: EventType, held: Held, form: EventForm) {
    this.#type = type;
    this.#held = held;
    this.#form = form;
  }

  bytes(): Uint8Array {
    const { encoding } = this.#form;
    this.#bytes ??= encoding.event(this.#type, this.#form.encoded(this.#held));
    return this.#bytes;
  }

  value(): WatchEventOf {
    this.#value ??= { type: this.#type, object: this.#form.object(this.#held) };
    return this.#value;
  }
}

/** The event for an object that is there at the start of a watch. */
export function initialEvent(held: Held, form: EventForm): WatchEvent {
  return new ObjectEvent('ADDED', held, form);
}

/** The event of a change; made once per form for all watchers. `held` is what it shows. */
export function changeEvent(change: HubChange, type: EventType, held: Held, form: EventForm): WatchEvent {
  if (form.shareKey === undefined) return new ObjectEvent(type, held, form);
  const key = `${type} ${form.shareKey}`;
  let event = change.derived.get(key) as WatchEvent | undefined;
  if (!event) {
    event = new ObjectEvent(type, held, form);
    change.derived.set(key, event);
  }
  return event;
}

/** A BOOKMARK or ERROR event, whose object is no stored one. */
export function plainEvent(type: 'BOOKMARK' | 'ERROR', object: object, { encoding }: EventForm): WatchEvent {
  const value = { type, object } as WatchEventOf<KubeObject>;
  return { bytes: () => encoding.event(type, encoding.object(object)), value: () => value };
}
