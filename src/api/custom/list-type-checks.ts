import type { JSONSchemaProps } from '../generated/types.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { itemsOf } from './coerce.ts';

const listType = 'x-kubernetes-list-type';
const mapKeys = 'x-kubernetes-list-map-keys';
const mapType = 'x-kubernetes-map-type';

/** How lists merge and what tells their items apart. */
export function checkListType(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const type = schema[listType];
  const keys = schema[mapKeys] ?? [];
  if (type !== undefined) {
    if (schema.type !== 'array') {
      const why = `must be array if ${listType} is specified`;
      if (schema.type) out.invalid(at.child('type'), schema.type, why);
      else out.required(at.child('type'), why);
    }
    if (!['atomic', 'set', 'map'].includes(type)) {
      out.notSupported(at.child(listType), type, ['atomic', 'map', 'set']);
    }
  }
  if (keys.length > 0) {
    if (type === undefined) out.required(at.child(listType), `must be map if ${mapKeys} is non-empty`);
    else if (type !== 'map') out.invalid(at.child(listType), type, `must be map if ${mapKeys} is non-empty`);
  }
  if (type === 'map') checkMapList(schema, keys, at, out);
  else if (type === 'set') checkSetItems(itemsOf(schema), at.child('items'), out);
}

function checkMapList(schema: JSONSchemaProps, keys: readonly string[], at: FieldPath, out: Findings): void {
  if (keys.length === 0) out.required(at.child(mapKeys), `must not be empty if ${listType} is map`);
  const items = itemsOf(schema);
  const itemsAt = at.child('items');
  if (!items) {
    out.required(itemsAt, `must have a schema if ${listType} is map`);
    return;
  }
  if (items.type !== 'object') {
    out.invalid(
      itemsAt.child('type'),
      items.type ?? '',
      `must be object if parent array's ${listType} is map`,
    );
  }
  if (items.nullable) {
    out.forbidden(itemsAt.child('nullable'), `cannot be nullable when ${listType} is map`);
  }
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    const here = itemsAt.child('properties').key(key);
    if (seen.has(key)) out.duplicate(at.child(mapKeys).index(index), key);
    seen.add(key);
    if (!property) {
      out.invalid(at.child(mapKeys).index(index), key, 'entries must all be names of item properties');
      continue;
    }
    if (property.type === 'array' || property.type === 'object') {
      const why = `must be a scalar type if parent array's ${listType} is map`;
      out.invalid(here.child('type'), property.type, why);
    }
    if (property.default === undefined && !items.required?.includes(key)) {
      const why = `this property is in ${mapKeys}, so it must have a default or be a required property`;
      out.required(here.child('default'), why);
    }
  }
}

/** Items of sets are compared as wholes. */
function checkSetItems(items: JSONSchemaProps | undefined, at: FieldPath, out: Findings): void {
  if (!items) return;
  if (items.nullable) out.forbidden(at.child('nullable'), `cannot be nullable when ${listType} is set`);
  if (items.type === 'array' && items[listType] !== undefined && items[listType] !== 'atomic') {
    const why = `must be atomic as item of a list with ${listType}=set`;
    out.invalid(at.child(listType), items[listType], why);
  }
  if (items.type === 'object' && items[mapType] !== 'atomic') {
    const why = `must be atomic as item of a list with ${listType}=set`;
    if (items[mapType] === undefined) out.required(at.child(mapType), why);
    else out.invalid(at.child(mapType), items[mapType], why);
  }
}

export function checkMapType(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const type = schema[mapType];
  if (type === undefined) return;
  if (schema.type !== 'object') {
    const why = `must be object if ${mapType} is specified`;
    if (schema.type) out.invalid(at.child('type'), schema.type, why);
    else out.required(at.child('type'), why);
  }
  if (type !== 'atomic' && type !== 'granular') {
    out.notSupported(at.child(mapType), type, ['atomic', 'granular']);
  }
}
