import type { KubeObject, Stored } from '../../api/objects.ts';
import { asBuffer } from './encoding.ts';

/** What holds stored bytes: an entry of the store, which may have to unpack them first. */
export interface Held {
  readonly value: Uint8Array;
}

/**
 * The frozen object that an entry's bytes stand for. It is made when someone asks and shared by all who hold it;
 * when nobody does, it goes, and only the bytes stay.
 */
const decoded = new WeakMap<Held, WeakRef<Stored>>();
const labels = new WeakMap<Held, Readonly<Record<string, string>>>();
const none = Object.freeze({});

export function decodeStored<T extends KubeObject = KubeObject>(held: Held): Stored<T> {
  const known = decoded.get(held)?.deref();
  if (known) return known as Stored<T>;
  const object = deepFreeze(parse(held.value));
  decoded.set(held, new WeakRef(object));
  return object as Stored<T>;
}

/** Tells that `object`, frozen here, is what the bytes held decode to, which saves decoding them. */
export function rememberDecoded(held: Held, object: Stored): void {
  decoded.set(held, new WeakRef(deepFreeze(object)));
  rememberLabels(held, object);
}

function parse(bytes: Uint8Array): Stored {
  return JSON.parse(asBuffer(bytes).toString('utf8')) as Stored;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze(value[key]);
  return value;
}

/** A copy that shares nothing with `value` and leaves out what JSON leaves out (undefined members). */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(item => cloneJson(item === undefined ? null : item)) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    // `__proto__` as plain assignment would change the prototype instead of adding a member.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: cloneJson(member), enumerable: true });
    else copy[key] = cloneJson(member);
  }
  return copy as T;
}

/** The labels of what is held. They stay known as long as it does, so that selecting decodes nothing. */
export function labelsOf(held: Held): Readonly<Record<string, string>> {
  return labels.get(held) ?? rememberLabels(held, decodeStored(held));
}

function rememberLabels(held: Held, { metadata }: Stored): Readonly<Record<string, string>> {
  const known = metadata.labels ?? none;
  labels.set(held, known);
  return known;
}
