/**
 * What custom resources are brought to before they are validated: defaults are set, fields the schema has none
 * of are dropped (k8s.io/apiextensions-apiserver's `schema/defaulting` and `schema/pruning`).
 */
import type { JSONSchemaProps } from '../generated/types.ts';
import { copyJson, isObject, type JsonObject, setMember } from '../json.ts';

const typeMeta = new Set(['apiVersion', 'kind', 'metadata']);

/** Sets the defaults of absent and of null fields, in place; nulls without a default go where the schema takes none. */
export function setDefaults(value: unknown, schema: JSONSchemaProps | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (!items) return;
    for (const [index, item] of value.entries()) {
      if (isUnwantedNull(item, items) && items.default !== undefined) value[index] = copyJson(items.default);
      setDefaults(value[index], items);
    }
  } else if (isObject(value)) setMemberDefaults(value, schema);
}

function setMemberDefaults(object: JsonObject, schema: JSONSchemaProps): void {
  const properties = schema.properties ?? {};
  for (const name of Object.keys(properties)) {
    const property = properties[name]!;
    if (property.default !== undefined) {
      const isSet = Object.hasOwn(object, name) && !isUnwantedNull(object[name], property);
      if (!isSet) setMember(object, name, copyJson(property.default));
    } else if (Object.hasOwn(object, name) && isUnwantedNull(object[name], property)) delete object[name];
    if (Object.hasOwn(object, name)) setDefaults(object[name], property);
  }
  const rest = additionalOf(schema);
  if (!rest) return;
  for (const name of Object.keys(object)) {
    if (Object.hasOwn(properties, name)) continue;
    if (isUnwantedNull(object[name], rest)) {
      if (rest.default === undefined) {
        delete object[name];
        continue;
      }
      setMember(object, name, copyJson(rest.default));
    }
    setDefaults(object[name], rest);
  }
}

function isUnwantedNull(value: unknown, schema: JSONSchemaProps): boolean {
  return value === null && !schema.nullable;
}

/**
 * Drops what the schema has no field for, in place, and returns the paths of it: `spec.foo`, `spec.list[0].bar`.
 * Of the object itself and of embedded ones, apiVersion, kind and metadata stay.
 */
export function prune(object: JsonObject, schema: JSONSchemaProps | undefined): string[] {
  const unknown: string[] = [];
  pruneMembers(object, schema, true, '', unknown);
  return unknown;
}

function pruneValue(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  path: string,
  unknown: string[],
): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    const keep = !items && keepsUnknown(schema);
    if (keep) return;
    for (const [index, item] of value.entries()) pruneValue(item, items, `${path}[${index}]`, unknown);
  } else if (isObject(value)) {
    pruneMembers(value, schema, schema?.['x-kubernetes-embedded-resource'] ?? false, path, unknown);
  }
}

function pruneMembers(
  object: JsonObject,
  schema: JSONSchemaProps | undefined,
  isResource: boolean,
  path: string,
  unknown: string[],
): void {
  const rest = schema?.additionalProperties;
  for (const name of Object.keys(object)) {
    if (isResource && typeMeta.has(name)) continue;
    const at = path === '' ? name : `${path}.${name}`;
    const property = ownProperty(schema, name);
    if (property) pruneValue(object[name], property, at, unknown);
    else if (isObject(rest)) pruneValue(object[name], rest as JSONSchemaProps, at, unknown);
    else if (rest !== true && !keepsUnknown(schema)) {
      unknown.push(at);
      delete object[name];
    }
  }
}

function keepsUnknown(schema: JSONSchemaProps | undefined): boolean {
  return schema?.['x-kubernetes-preserve-unknown-fields'] === true;
}

export function ownProperty(schema: JSONSchemaProps | undefined, name: string): JSONSchemaProps | undefined {
  const { properties } = schema ?? {};
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

export function itemsOf(schema: JSONSchemaProps | undefined): JSONSchemaProps | undefined {
  return isObject(schema?.items) ? (schema.items as JSONSchemaProps) : undefined;
}

/** The schema of what a map holds; undefined also where it may hold anything. */
export function additionalOf(schema: JSONSchemaProps | undefined): JSONSchemaProps | undefined {
  return isObject(schema?.additionalProperties)
    ? (schema.additionalProperties as JSONSchemaProps)
    : undefined;
}
