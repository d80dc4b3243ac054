import type { MapSchema, Schema, StructSchema } from '../schema/schema.ts';
import { memberOf, type PathElement } from './path-element.ts';

/** The schema of a member. */
export function memberSchema(schema: StructSchema | MapSchema | undefined, name: string): Schema | undefined {
  return schema?.kind === 'struct' ? (schema.fields.get(name)?.schema ?? schema.rest) : schema?.values;
}

/** Whether a member is a field the struct declares, not an entry of a map. */
export function isDeclared(schema: StructSchema | MapSchema | undefined, name: string): boolean {
  return schema?.kind === 'struct' && schema.fields.has(name);
}

/** The schema one step down a field's path. */
export function schemaOfElement(schema: Schema | undefined, element: PathElement): Schema | undefined {
  const name = memberOf(element);
  if (schema?.kind === 'list') return schema.items;
  if (name === undefined || (schema?.kind !== 'struct' && schema?.kind !== 'map')) return undefined;
  return memberSchema(schema, name);
}
