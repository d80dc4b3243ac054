import type { JSONSchemaProps } from '../generated/types.ts';
import { escapeProperty } from './property-names.ts';
import {
  boolType,
  type CelType,
  doubleType,
  dynType,
  intType,
  type ObjectField,
  type ObjectType,
  stringType,
} from './types.ts';

/** What a request can hold at most, in bytes; bounds what no schema does. */
export const maxRequestBytes = 3 * 1024 * 1024;

/**
 * The type of what a structural schema describes (k8s.io/apiserver/pkg/cel/common/schemas.go).
 * @param name of objects, which are told apart by it
 * @param root at the root of a resource, embedded ones included: kind and name are there without being described
 * @returns undefined for what has no type: it cannot be spoken of
 */
export function typeOfSchema(schema: JSONSchemaProps, name: string, root: boolean): CelType | undefined {
  if (schema['x-kubernetes-int-or-string']) return { ...dynType, maxSize: maxRequestBytes - 2 };
  const described = root ? withTypeAndMeta(schema) : schema;
  switch (described.type) {
    case 'array':
      return listType(described, name);
    case 'object':
      return objectType(described, name);
    case 'string':
      return textType(described);
    case 'boolean':
      return boolType;
    case 'number':
      return doubleType;
    case 'integer':
      return intType;
  }
  return undefined;
}

function listType(schema: JSONSchemaProps, name: string): CelType | undefined {
  const described = schema.items as JSONSchemaProps | undefined;
  const items = described && below(described, `${name}.@idx`);
  if (!items) return undefined;
  const kind = schema['x-kubernetes-list-type'];
  return {
    kind: 'list',
    items,
    maxSize: schema.maxItems ?? Math.floor(maxRequestBytes / (smallest(described) + 1)),
    ...(kind === 'set' || kind === 'map' ? { listType: kind } : {}),
    ...(kind === 'map' ? { keys: schema['x-kubernetes-list-map-keys'] ?? [] } : {}),
  };
}

function objectType(schema: JSONSchemaProps, name: string): CelType | undefined {
  const values = schema.additionalProperties as JSONSchemaProps | boolean | undefined;
  if (typeof values === 'object') {
    const value = below(values, `${name}.@elem`);
    if (!value) return undefined;
    // Keys and their quotes, a colon and a comma.
    const maxSize = schema.maxProperties ?? Math.floor(maxRequestBytes / (smallest(values) + 6));
    return { kind: 'map', key: stringType, value, maxSize };
  }
  const fields = new Map<string, ObjectField>();
  for (const [property, described] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeProperty(property);
    const type = escaped === undefined ? undefined : below(described, `${name}.${escaped}`);
    if (type) fields.set(escaped!, { name: property, type });
  }
  return { kind: 'object', name, fields } satisfies ObjectType;
}

function below(schema: JSONSchemaProps, name: string): CelType | undefined {
  return typeOfSchema(schema, name, schema['x-kubernetes-embedded-resource'] === true);
}

function textType({ format, maxLength, enum: values }: JSONSchemaProps): CelType {
  switch (format) {
    case 'byte':
      return { kind: 'bytes', maxSize: maxLength ?? maxRequestBytes - 2 };
    case 'duration':
      return { kind: 'duration' };
    case 'date':
    case 'date-time':
      return { kind: 'timestamp' };
  }
  const longest = values && Math.max(0, ...values.map(value => String(value).length));
  return { kind: 'string', maxSize: maxLength ?? longest ?? maxRequestBytes - 2 };
}

/** Bytes the smallest value of a schema takes in JSON. */
function smallest(schema: JSONSchemaProps): number {
  switch (schema.type) {
    case 'boolean':
      return 4;
    case 'number':
    case 'integer':
      return 1;
    case 'object': {
      const required = schema.required ?? [];
      const each = required.map(name => name.length + 4 + smallest(schema.properties?.[name] ?? {}));
      return 2 + each.reduce((sum, size) => sum + size, 0);
    }
    default:
      return 2;
  }
}

const text: JSONSchemaProps = { type: 'string' };

function withTypeAndMeta(schema: JSONSchemaProps): JSONSchemaProps {
  const metadata = { type: 'object', properties: { name: text, generateName: text } };
  return {
    ...schema,
    type: 'object',
    properties: { ...schema.properties, apiVersion: text, kind: text, metadata },
  };
}
