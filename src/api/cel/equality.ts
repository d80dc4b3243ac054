import { Duration, Timestamp } from './instants.ts';
import type { Meter } from './meter.ts';
import {
  ItemList,
  JsonList,
  ListValue,
  MapValue,
  ObjectValue,
  OpaqueValue,
  OptionalValue,
  TypeValue,
  Uint,
  type Value,
} from './values.ts';

/** How many characters one unit of cost reads. */
const charactersPerUnit = 10;

/** CEL's `==`: values of different types differ, numbers compare by what they are worth. */
export function equal(a: Value, b: Value, meter: Meter): boolean {
  if (a === b) return !(typeof a === 'number' && Number.isNaN(a));
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined || right !== undefined) {
    return left !== undefined && right !== undefined && compareNumbers(left, right) === 0;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    if (typeof a === 'string' && typeof b === 'string')
      meter.charge(Math.min(a.length, b.length) / charactersPerUnit);
    return false;
  }
  meter.charge(0.5);
  return equalObjects(a, b, meter);
}

function equalObjects(a: Value & object, b: Value & object, meter: Meter): boolean {
  if (a instanceof JsonList && b instanceof JsonList && a.raw === b.raw) return true;
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b, meter);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b, meter);
  if (a instanceof ObjectValue) return b instanceof ObjectValue && equalFields(a, b, meter);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof OptionalValue) {
    if (!(b instanceof OptionalValue)) return false;
    if (a.held === undefined || b.held === undefined) return a.held === b.held;
    return equal(a.held, b.held, meter);
  }
  return a instanceof OpaqueValue && b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b);
}

/** Sets and maps without order; upstream takes the left one's word for what kind of list it is. */
function equalLists(a: ListValue, b: ListValue, meter: Meter): boolean {
  if (a.size !== b.size) return false;
  const keys = a.type?.listType === 'map' ? (a.type.keys ?? []) : undefined;
  if (a.type?.listType === 'set' || keys) {
    const others = groupBy(b, keys);
    return [...a].every(item => {
      const group = others.get(identity(item, keys));
      return group?.some(other => equal(item, other, meter)) ?? false;
    });
  }
  for (let i = 0; i < a.size; i++) if (!equal(a.at(i)!, b.at(i)!, meter)) return false;
  return true;
}

function groupBy(list: ListValue, keys: readonly string[] | undefined): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const item of list) {
    const id = identity(item, keys);
    const group = groups.get(id);
    if (group) group.push(item);
    else groups.set(id, [item]);
  }
  return groups;
}

/** What tells the items of a set or map apart: themselves, or the fields that are their keys. */
function identity(item: Value, keys: readonly string[] | undefined): string {
  if (!keys) return typeof item === 'object' ? '' : `${typeof item}:${String(item)}`;
  if (!(item instanceof ObjectValue)) return '';
  return JSON.stringify(keys.map(key => String(fieldByJsonName(item, key) ?? '')));
}

function fieldByJsonName({ type, source }: ObjectValue, name: string): Value | undefined {
  for (const field of type.fields.values()) if (field.name === name) return source.field(name, field.type);
  return undefined;
}

function equalMaps(a: MapValue, b: MapValue, meter: Meter): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !equal(a.get(key)!, other, meter)) return false;
  }
  return true;
}

function equalFields(a: ObjectValue, b: ObjectValue, meter: Meter): boolean {
  if (a.type.name !== b.type.name) return false;
  for (const name of a.type.fieldType
    ? new Set([...a.source.names(), ...b.source.names()])
    : a.type.fields.keys()) {
    const [left, right] = [a.get(name), b.get(name)];
    if (left === undefined || right === undefined) {
      if (left !== right) return false;
    } else if (!equal(left, right, meter)) return false;
  }
  return true;
}

/** `+` of lists: those of sets and maps keep the left one's order, items of the right one replace equal ones. */
export function concat(a: ListValue, b: ListValue, meter: Meter): ListValue {
  meter.charge((a.size + b.size) / charactersPerUnit);
  const keys = a.type?.listType === 'map' ? (a.type.keys ?? []) : undefined;
  if (a.type?.listType !== 'set' && !keys) return new ItemList([...a, ...b]);
  const items = [...a];
  const places = new Map<string, number[]>();
  items.forEach((item, i) => {
    places.set(identity(item, keys), [...(places.get(identity(item, keys)) ?? []), i]);
  });
  for (const item of b) {
    const near = places.get(identity(item, keys)) ?? [];
    const place = keys ? near[0] : near.find(i => equal(items[i]!, item, meter));
    if (place === undefined) items.push(item);
    else items[place] = item;
  }
  return new ItemList(items);
}

/** The number behind a value, if it is one. */
function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** JavaScript compares bigint and number exactly. NaN is apart from all. */
function compareNumbers(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  return a <= b ? 0 : undefined;
}

/** Undefined for what has no order, or not with each other. */
export function compare(a: Value, b: Value): number | undefined {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanos, b.nanos);
  return a instanceof Timestamp && b instanceof Timestamp ? order(a.nanos, b.nanos) : undefined;
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code points, as Go's bytes of UTF-8 compare. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // Surrogates stand for code points above all others.
    const [high, other] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return high === other ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}
