import type { KubeObject, Stored } from '../../api/objects.ts';
import { asBuffer } from './encoding.ts';

/**
 * The frozen object that stored bytes stand for. It is made when someone asks and shared by all who hold it;
 * when nobody does, it goes, and only the bytes stay.
 */
const decoded = new WeakMap<Uint8Array, WeakRef<Stored>>();
const labels = new WeakMap<Uint8Array, Readonly<Record<string, string>>>();
const none = Object.freeze({});

export function decodeStored<T extends KubeObject = KubeObject>(bytes: Uint8Array): Stored<T> {
  const known = decoded.get(bytes)?.deref();
  if (known) return known as Stored<T>;
  const object = deepFreeze(JSON.parse(asBuffer(bytes).toString('utf8'))) as Stored;
  decoded.set(bytes, new WeakRef(object));
  return object as Stored<T>;
}

/** Tells that `object`, frozen here, is what `bytes` decode to, which saves decoding them. */
export function rememberDecoded(bytes: Uint8Array, object: Stored): void {
  decoded.set(bytes, new WeakRef(deepFreeze(object)));
  labels.set(bytes, object.metadata.labels ?? none);
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

/** The labels in stored bytes. They stay known as long as the bytes do, so that selecting decodes nothing. */
export function labelsOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  let known = labels.get(bytes);
  if (!known) {
    known = decodeStored(bytes).metadata.labels ?? none;
    labels.set(bytes, known);
  }
  return known;
}
