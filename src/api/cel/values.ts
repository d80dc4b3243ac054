import { Duration, parseDuration, parseTimestamp, Timestamp } from './instants.ts';
import { type CelType, dynType, type ListType, type ObjectType } from './types.ts';

/** What expressions work on. Integers are bigint, doubles are number. */
export type Value =
  | boolean
  | bigint
  | number
  | string
  | null
  | Uint
  | Uint8Array
  | Duration
  | Timestamp
  | ListValue
  | MapValue
  | ObjectValue
  | OptionalValue
  | TypeValue
  | OpaqueValue
  | CelError;

/** An error is a value: `false && error` is false. */
export class CelError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export const noSuchOverload = new CelError('no such overload');

export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class OptionalValue {
  static readonly none = new OptionalValue(undefined);
  readonly held: Value | undefined;

  constructor(held: Value | undefined) {
    this.held = held;
  }
}

export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library. */
export abstract class OpaqueValue {
  abstract readonly typeName: string;
  abstract equals(other: OpaqueValue): boolean;
  /** What `string()` gives, where the library has it. */
  abstract toString(): string;
}

export abstract class ListValue {
  abstract readonly size: number;
  /** Undefined past the end. */
  abstract at(index: number): Value | undefined;
  /** Of lists that come from JSON: how they compare and merge. */
  readonly type: ListType | undefined = undefined;

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.size; i++) yield this.at(i)!;
  }
}

export class ItemList extends ListValue {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  get size(): number {
    return this.items.length;
  }

  at(index: number): Value | undefined {
    return this.items[index];
  }
}

export class JsonList extends ListValue {
  override readonly type: ListType;
  readonly raw: readonly unknown[];

  constructor(raw: readonly unknown[], type: ListType) {
    super();
    this.raw = raw;
    this.type = type;
  }

  get size(): number {
    return this.raw.length;
  }

  at(index: number): Value | undefined {
    return index in this.raw ? fromJson(this.raw[index], this.type.items) : undefined;
  }
}

export type MapKey = boolean | bigint | number | string | Uint;

export abstract class MapValue {
  abstract readonly size: number;
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<MapKey>;

  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }
}

/** `1`, `1u` and `1.0` are the same key. */
export function plainKey(key: Value): string | bigint | boolean | undefined {
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return key;
  if (key instanceof Uint) return key.value;
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return undefined;
}

export class EntryMap extends MapValue {
  readonly #entries = new Map<string | bigint | boolean, { key: MapKey; value: Value }>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const plain = plainKey(key);
    return plain === undefined ? undefined : this.#entries.get(plain)?.value;
  }

  *keys(): Iterable<MapKey> {
    for (const { key } of this.#entries.values()) yield key;
  }

  /** While the map is made. */
  set(key: MapKey, value: Value): void {
    this.#entries.set(plainKey(key)!, { key, value });
  }
}

export class JsonMap extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly #values: CelType;
  #size = -1;

  constructor(raw: Readonly<Record<string, unknown>>, values: CelType) {
    super();
    this.raw = raw;
    this.#values = values;
  }

  get size(): number {
    if (this.#size < 0) this.#size = Object.keys(this.raw).length;
    return this.#size;
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.raw, key)) return undefined;
    return fromJson(this.raw[key], this.#values);
  }

  keys(): Iterable<MapKey> {
    return Object.keys(this.raw);
  }
}

/** Where an object's fields come from: JSON, or an expression that made it, or somebody who computes them. */
export interface FieldSource {
  /** By its JSON name; undefined where it is absent. */
  field(name: string, type: CelType): Value | undefined;
  /** The JSON names of the fields that are there. */
  names(): readonly string[];
}

export class ObjectValue {
  readonly type: ObjectType;
  readonly source: FieldSource;

  constructor(type: ObjectType, source: FieldSource) {
    this.type = type;
    this.source = source;
  }

  /** @param name as CEL knows it */
  get(name: string): Value | undefined {
    const field = this.type.fields.get(name);
    if (field) return this.source.field(field.name, field.type);
    const type = this.type.fieldType?.(name);
    return type && this.source.field(name, type);
  }
}

export class JsonFields implements FieldSource {
  readonly raw: Readonly<Record<string, unknown>>;

  constructor(raw: Readonly<Record<string, unknown>>) {
    this.raw = raw;
  }

  field(name: string, type: CelType): Value | undefined {
    if (!Object.hasOwn(this.raw, name)) return undefined;
    const value = this.raw[name];
    return value === undefined ? undefined : fromJson(value, type);
  }

  names(): readonly string[] {
    return Object.keys(this.raw);
  }
}

export class MadeFields implements FieldSource {
  readonly fields: ReadonlyMap<string, Value>;

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }

  field(name: string): Value | undefined {
    return this.fields.get(name);
  }

  names(): readonly string[] {
    return [...this.fields.keys()];
  }
}

/** Values that are there already pass; JSON is read by its type, in place. */
export function fromJson(raw: unknown, type: CelType): Value {
  if (raw === null || raw === undefined) return null;
  if (isValue(raw)) return raw;
  switch (type.kind) {
    case 'int':
      return typeof raw === 'number' && Number.isInteger(raw) ? BigInt(raw) : untyped(raw);
    case 'double':
      return typeof raw === 'number' ? raw : untyped(raw);
    case 'list':
      return Array.isArray(raw) ? new JsonList(raw, type) : untyped(raw);
    case 'map':
      return isRecord(raw) ? new JsonMap(raw, type.value) : untyped(raw);
    case 'object':
      return isRecord(raw) ? new ObjectValue(type, new JsonFields(raw)) : untyped(raw);
    case 'bytes':
      return typeof raw === 'string' ? new Uint8Array(Buffer.from(raw, 'base64')) : untyped(raw);
    case 'duration':
      return typeof raw === 'string' ? (parseDuration(raw) ?? unreadable(raw, 'duration')) : untyped(raw);
    case 'timestamp':
      return typeof raw === 'string' ? (parseTimestamp(raw) ?? unreadable(raw, 'timestamp')) : untyped(raw);
    default:
      return untyped(raw);
  }
}

function unreadable(text: string, type: string): CelError {
  return new CelError(`invalid ${type} ${JSON.stringify(text)}`);
}

const anyList: ListType = { kind: 'list', items: dynType };

function untyped(raw: unknown): Value {
  switch (typeof raw) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return raw;
    case 'number':
      return Number.isInteger(raw) ? BigInt(raw) : raw;
    default:
      return Array.isArray(raw)
        ? new JsonList(raw, anyList)
        : new JsonMap(raw as Record<string, unknown>, dynType);
  }
}

function isRecord(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function isValue(raw: unknown): raw is Value {
  return typeof raw === 'object' && raw !== null && !isPlain(raw);
}

function isPlain(raw: object): boolean {
  if (Array.isArray(raw)) return true;
  const prototype = Object.getPrototypeOf(raw);
  return prototype === Object.prototype || prototype === null;
}

/** The name `type(value)` has. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value === null) return 'null_type';
  if (value instanceof Uint) return 'uint';
  if (value instanceof ListValue) return 'list';
  if (value instanceof MapValue) return 'map';
  if (value instanceof ObjectValue) return value.type.name;
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof OptionalValue) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  return value instanceof OpaqueValue ? value.typeName : 'error';
}
