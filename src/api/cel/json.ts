import { Duration, formatDuration, formatTimestamp, Timestamp } from './instants.ts';
import {
  CelError,
  JsonFields,
  JsonList,
  JsonMap,
  ListValue,
  MapValue,
  ObjectValue,
  OptionalValue,
  Uint,
  type Value,
} from './values.ts';

/** JSON of a value an expression gave. What came from JSON is handed back as it is, not copied. */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof JsonList || value instanceof JsonMap) return value.raw;
  if (value instanceof ListValue) return [...value].map(toJson);
  if (value instanceof MapValue)
    return Object.fromEntries([...value.keys()].map(key => mapEntry(value, key)));
  if (value instanceof ObjectValue) return objectJson(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof OptionalValue) return value.held === undefined ? undefined : toJson(value.held);
  if (value instanceof CelError) throw new Error(value.message);
  return value.toString();
}

function mapEntry(map: MapValue, key: Parameters<MapValue['get']>[0]): [string, unknown] {
  return [key instanceof Uint ? String(key.value) : String(key), toJson(map.get(key)!)];
}

function objectJson({ source, type }: ObjectValue): unknown {
  if (source instanceof JsonFields) return source.raw;
  const fields = source
    .names()
    .map(name => [name, toJson(source.field(name, fieldType(type, name))!)] as const);
  return Object.fromEntries(fields);
}

function fieldType(type: ObjectValue['type'], name: string) {
  for (const field of type.fields.values()) if (field.name === name) return field.type;
  return type.fieldType?.(name) ?? { kind: 'dyn' as const };
}
