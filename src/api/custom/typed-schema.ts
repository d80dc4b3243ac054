/** The shape of custom resources for apply, from the OpenAPI schema of their definition. */
import type { JSONSchemaProps } from '../generated/types.ts';
import { definitionSchema } from '../schema/definitions.ts';
import type { FieldSchema, ListSchema, ScalarSchema, Schema, StructSchema } from '../schema/schema.ts';
import { additionalOf, itemsOf } from './coerce.ts';

const any: ScalarSchema = { kind: 'scalar', type: 'any' };
const text: ScalarSchema = { kind: 'scalar', type: 'string' };

const scalars: Record<string, ScalarSchema> = {
  string: text,
  integer: { kind: 'scalar', type: 'int64' },
  number: { kind: 'scalar', type: 'double' },
  boolean: { kind: 'scalar', type: 'boolean' },
};

/** The shape of a whole custom resource. Without a schema, or with one that keeps all, fields may be anything. */
export function typedResource(schema: JSONSchemaProps | undefined): StructSchema {
  const keepsAll = !schema || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return structOf(schema ?? {}, keepsAll, true);
}

function typedSchema(schema: JSONSchemaProps): Schema {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', type: 'intOrString' };
  if (schema.type === 'object') return typedObject(schema);
  if (schema.type === 'array') return typedList(schema);
  return scalars[schema.type ?? ''] ?? any;
}

function typedObject(schema: JSONSchemaProps): Schema {
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isResource = schema['x-kubernetes-embedded-resource'] === true;
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  if (schema.properties || isResource) return structOf(schema, keepsUnknown, isResource);
  const values = additionalOf(schema);
  if (values) return { kind: 'map', values: typedSchema(values), atomic };
  return keepsUnknown || schema.additionalProperties === true
    ? { kind: 'map', values: any, atomic }
    : structOf(schema, false, false);
}

function typedList(schema: JSONSchemaProps): ListSchema {
  const items = itemsOf(schema);
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const defaults = keys.flatMap(key => {
    const value = items?.properties?.[key]?.default;
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    kind: 'list',
    items: items ? typedSchema(items) : any,
    listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
    keys,
    ...(defaults.length > 0 && { keyDefaults: Object.fromEntries(defaults) }),
  };
}

function structOf(schema: JSONSchemaProps, keepsUnknown: boolean, isResource: boolean): StructSchema {
  const fields = new Map<string, FieldSchema>();
  const add = (name: string, typed: Schema) =>
    fields.set(name, { name, schema: typed, required: false, omitsZero: false, patchStrategies: [] });
  for (const [name, property] of Object.entries(schema.properties ?? {})) add(name, typedSchema(property));
  if (isResource) {
    add('apiVersion', text);
    add('kind', text);
    add('metadata', definitionSchema('meta.v1.ObjectMeta')!);
  }
  return {
    kind: 'struct',
    definition: '',
    fields,
    required: [],
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    ...(keepsUnknown && { rest: any }),
  };
}
