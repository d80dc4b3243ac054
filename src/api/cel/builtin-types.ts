import type { GroupVersionKind } from '../objects.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { ScalarType, Schema, StructSchema } from '../schema/schema.ts';
import { escapeProperty } from './property-names.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectField,
  type ObjectType,
  stringType,
  timestampType,
} from './types.ts';

const scalars: Record<ScalarType, CelType> = {
  string: stringType,
  int32: intType,
  int64: intType,
  double: doubleType,
  boolean: boolType,
  bytes: bytesType,
  quantity: dynType,
  intOrString: dynType,
  time: timestampType,
  microTime: timestampType,
  any: dynType,
};

/** The type of a built-in kind's objects; undefined where there is no such kind. Made anew on each call. */
export function typeOfBuiltin(gvk: GroupVersionKind): CelType | undefined {
  const schema = kindSchema(gvk);
  return schema && structType(schema, new Map());
}

/** Types that contain themselves are found again by their definition. */
function structType(schema: StructSchema, known: Map<string, ObjectType>): ObjectType {
  const found = known.get(schema.definition);
  if (found) return found;
  const fields = new Map<string, ObjectField>();
  const type: ObjectType = { kind: 'object', name: schema.definition, fields };
  known.set(schema.definition, type);
  for (const { name, schema: field } of schema.fields.values()) {
    const escaped = escapeProperty(name);
    if (escaped !== undefined) fields.set(escaped, { name, type: typeOf(field, known) });
  }
  return type;
}

function typeOf(schema: Schema, known: Map<string, ObjectType>): CelType {
  switch (schema.kind) {
    case 'scalar':
      return scalars[schema.type];
    case 'struct':
      return structType(schema, known);
    case 'list':
      return listOf(typeOf(schema.items, known));
    case 'map':
      return mapOf(stringType, typeOf(schema.values, known));
  }
}
