import type { KubeObject, Stored } from '../../api/objects.ts';
import { asBuffer } from './encoding.ts';
import { sharedValues } from './shared-values.ts';

/** What holds stored bytes: an entry of the store, which may have to unpack them first. */
export interface Held {
  readonly value: Uint8Array;
  /** What was made of the bytes, kept as long as they are. */
  derived?: unknown;
}

/**
 * The frozen object that bytes stand for. It is made when someone asks and shared by all who hold it; when nobody does,
 * it goes, and only the bytes stay, and the labels, so that selecting decodes nothing. It hangs on what it is of: in a
 * table of weak keys it would take twice the memory.
 */
class Decoded extends WeakRef<Stored> {
  readonly labels: Readonly<Record<string, string>>;

  constructor(object: Stored, labels: Readonly<Record<string, string>>) {
    super(object);
    this.labels = labels;
  }
}

const none = Object.freeze({});

export function decodeStored<T extends KubeObject = KubeObject>(held: Held): Stored<T> {
  const known = (held.derived as Decoded | undefined)?.deref();
  if (known) return known as Stored<T>;
  const object = deepFreeze(parse(held.value));
  remember(held, object);
  return object as Stored<T>;
}

/**
 * The object that an entry's bytes stand for, to be looked at once and not handed on: it is neither frozen nor kept,
 * which costs as much as to decode it.
 */
export function peekStored<T extends KubeObject = KubeObject>(held: Held): Stored<T> {
  return ((held.derived as Decoded | undefined)?.deref() ?? parse(held.value)) as Stored<T>;
}

/** Tells that `object`, frozen here, is what the bytes held decode to, which saves decoding them. */
export function rememberDecoded(held: Held, object: Stored): void {
  remember(held, deepFreeze(object));
}

function remember(held: Held, object: Stored): Decoded {
  const before = held.derived as Decoded | undefined;
  const decoded = new Decoded(object, before?.labels ?? sharedLabels(object));
  held.derived = decoded;
  return decoded;
}

function sharedLabels({ metadata }: Stored): Readonly<Record<string, string>> {
  const { labels } = metadata;
  return labels ? (sharedValues.object(labels) as Readonly<Record<string, string>>) : none;
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

/** The labels of what is held. */
export function labelsOf(held: Held): Readonly<Record<string, string>> {
  const known = held.derived as Decoded | undefined;
  return (known ?? remember(held, deepFreeze(parse(held.value)))).labels;
}
