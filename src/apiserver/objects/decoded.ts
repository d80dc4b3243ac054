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
  const object = parse(bytes);
  readOwnersLate(object, bytes);
  deepFreeze(object);
  decoded.set(bytes, new WeakRef(object));
  return object as Stored<T>;
}

/** Tells that `object`, frozen here, is what `bytes` decode to, which saves decoding them. */
export function rememberDecoded(bytes: Uint8Array, object: Stored): void {
  readOwnersLate(object, bytes);
  decoded.set(bytes, new WeakRef(deepFreeze(object)));
  labels.set(bytes, object.metadata.labels ?? none);
}

function parse(bytes: Uint8Array): Stored {
  return JSON.parse(asBuffer(bytes).toString('utf8')) as Stored;
}

const source = Symbol('stored bytes');
const ownersFromSource: PropertyDescriptor & ThisType<{ [source]: Uint8Array }> = {
  enumerable: true,
  get() {
    return deepFreeze(parse(this[source]).metadata.managedFields);
  },
};

/**
 * managedFields as objects weigh more than the rest of many an object and hardly anyone looks at them: they
 * are read from the bytes when someone does. One shared getter, so that all metadata keep one shape.
 */
function readOwnersLate({ metadata }: Stored, bytes: Uint8Array): void {
  if (metadata?.managedFields === undefined) return;
  Object.defineProperty(metadata, source, { value: bytes });
  Object.defineProperty(metadata, 'managedFields', ownersFromSource);
}

/** A getter is never asked here: what it gives is frozen already. */
function isLate(value: object, key: string): boolean {
  return key === 'managedFields' && source in value;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) if (!isLate(value, key)) deepFreeze(value[key]);
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
