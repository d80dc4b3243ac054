/** What a value's type means to apply: which fields it has, how the items of a list are told apart. */
import { goSyntax, goText, goTypeOfValue, isObject, type JsonObject } from '../json.ts';
import type { ListSchema, MapSchema, Schema, StructSchema } from '../schema/schema.ts';
import { isDeclared, memberSchema } from './element-schema.ts';
import { FieldSet } from './field-set.ts';
import { displayPath, keyElement, memberElement, type PathElement, valueElement } from './path-element.ts';

/** A value that does not fit its schema; upstream's wording. */
export class TypedError extends Error {
  override name = 'TypedError';
}

/** How apply takes a value: by its type, or by its form where the type allows anything. */
export type Shape =
  | { as: 'leaf' }
  | { as: 'members'; schema: StructSchema | MapSchema | undefined; value: JsonObject | undefined }
  | { as: 'items'; schema: ListSchema; value: unknown[] | undefined };

const leaf: Shape = { as: 'leaf' };

/** The shape of a value; null and absent ones take the shape of their type. */
export function shapeOf(value: unknown, schema: Schema | undefined): Shape {
  const absent = value === null || value === undefined;
  switch (schema?.kind) {
    case 'struct':
    case 'map':
      if (schema.atomic || !(absent || isObject(value))) return leaf;
      return { as: 'members', schema, value: isObject(value) ? value : undefined };
    case 'list':
      if (schema.listType === 'atomic' || !(absent || Array.isArray(value))) return leaf;
      return { as: 'items', schema, value: Array.isArray(value) ? value : undefined };
    default:
      // Untyped: lists are atomic, objects are not.
      return (schema === undefined || schema.type === 'any') && isObject(value)
        ? { as: 'members', schema: undefined, value }
        : leaf;
  }
}

/** Values of keys that may be left out, by definition and field: the defaults of the OpenAPI schemas. */
const keyDefaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'core.v1.ContainerPort': { protocol: 'TCP' },
  'core.v1.ServicePort': { protocol: 'TCP' },
};
const optionalKeys = new Set(['shareID']);

/**
 * What tells an item of a list apart.
 * @throws TypedError where it lacks a key
 */
export function itemElement(item: unknown, schema: ListSchema): PathElement {
  if (schema.listType === 'set') return setElement(item);
  if (item === null) throw new TypedError('associative list with keys may not have a null element');
  if (!isObject(item)) throw new TypedError('associative list with keys may not have non-map elements');
  const keys: JsonObject = {};
  for (const key of schema.keys) {
    const definition = schema.items.kind === 'struct' ? schema.items.definition : '';
    const own = Object.hasOwn(item, key) ? item[key] : undefined;
    const value = own === undefined ? (schema.keyDefaults?.[key] ?? keyDefaults[definition]?.[key]) : own;
    if (value !== undefined) keys[key] = value;
    else if (!optionalKeys.has(key)) {
      throw new TypedError(
        `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`,
      );
    }
  }
  return keyElement(keys);
}

function setElement(item: unknown): PathElement {
  const why = 'associative list without keys has an element';
  if (item === null) throw new TypedError(`${why} that's an explicit null`);
  if (isObject(item)) throw new TypedError(`${why} that's a map type`);
  if (Array.isArray(item)) throw new TypedError('not supported: associative list with lists as elements');
  return valueElement(item);
}

/** The items of a list by what tells them apart, in order; of repeated ones the first. */
export function itemsByElement(
  list: readonly unknown[] | undefined,
  schema: ListSchema,
): Map<PathElement, unknown> {
  const items = new Map<PathElement, unknown>();
  for (const item of list ?? []) {
    const element = itemElement(item, schema);
    if (!items.has(element)) items.set(element, item);
  }
  return items;
}

/** All fields of a value, as an applied configuration owns them. */
export function fieldSetOf(value: unknown, schema: Schema | undefined): FieldSet {
  const set = new FieldSet();
  addFields(value, schema, [], set);
  return set;
}

function addFields(value: unknown, schema: Schema | undefined, path: PathElement[], set: FieldSet): void {
  const shape = shapeOf(value, schema);
  if (shape.as === 'leaf') set.insert(path);
  else if (shape.as === 'items') {
    for (const [element, item] of itemsByElement(shape.value, shape.schema)) {
      const below = [...path, element];
      addFields(item, shape.schema.items, below, set);
      set.insert(below);
    }
  } else {
    for (const [name, member] of Object.entries(shape.value ?? {})) {
      const below = [...path, memberElement(name)];
      addFields(member, memberSchema(shape.schema, name), below, set);
      const isEmpty = member === null || (isObject(member) && Object.keys(member).length === 0);
      if (isEmpty || !isDeclared(shape.schema, name)) set.insert(below);
    }
  }
}

/**
 * Checks an applied configuration: only declared fields, right types, no item twice.
 * @throws TypedError with all that is wrong
 */
export function checkTyped(value: unknown, schema: Schema): void {
  const errors: string[] = [];
  check(value, schema, [], errors);
  if (errors.length > 0) throw new TypedError(joined(errors));
}

function joined(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : `errors:\n${errors.map(error => `  ${error}`).join('\n')}`;
}

function check(value: unknown, schema: Schema, path: PathElement[], errors: string[]): void {
  const report = (why: string) => errors.push(`${displayPath(path)}${path.length > 0 ? ': ' : ''}${why}`);
  if (value === null || value === undefined) return;
  switch (schema.kind) {
    case 'scalar': {
      const why = mismatch(value, schema.type);
      if (why !== undefined) report(why);
      return;
    }
    case 'list':
      if (!Array.isArray(value)) report(`expected list, got &{${goText(value)}}`);
      else checkItems(value, schema, path, errors, report);
      return;
    default:
      if (!isObject(value)) {
        report(`expected map, got &{${goText(value)}}`);
        return;
      }
      for (const [name, member] of Object.entries(value)) {
        const below = [...path, memberElement(name)];
        const field = memberSchema(schema, name);
        if (field) check(member, field, below, errors);
        else errors.push(`${displayPath(below)}: field not declared in schema`);
      }
  }
}

function checkItems(
  list: readonly unknown[],
  schema: ListSchema,
  path: PathElement[],
  errors: string[],
  report: (why: string) => void,
): void {
  const seen = new Set<PathElement>();
  for (const [index, item] of list.entries()) {
    let element: PathElement = `i:${index}`;
    if (schema.listType !== 'atomic') {
      try {
        element = itemElement(item, schema);
      } catch (error) {
        if (!(error instanceof TypedError)) throw error;
        report(`element ${index}: ${error.message}`);
        continue;
      }
      if (seen.has(element)) report(`duplicate entries for key ${displayPath([element])}`);
      seen.add(element);
    }
    check(item, schema.items, [...path, element], errors);
  }
}

/** Why a scalar is none of its type; upstream shows what it got in a way of its own for each. */
function mismatch(value: unknown, type: string): string | undefined {
  const text = `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  switch (type) {
    case 'any':
      return undefined;
    case 'int32':
    case 'int64':
    case 'double':
      if (typeof value === 'number') return undefined;
      return `expected numeric (int or float), got ${goTypeOfValue(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    case 'quantity':
    case 'intOrString':
      return typeof value === 'number' || typeof value === 'string' ? undefined : text;
    default:
      return typeof value === 'string' ? undefined : text;
  }
}

/** Where a configuration speaks of lists, maps or structs that can only be replaced as a whole. */
export function atomicPaths(value: unknown, schema: Schema | undefined, path: PathElement[] = []): string[] {
  if (!schema || schema.kind === 'scalar') return [];
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return [];
    const own = schema.listType === 'atomic' ? [displayPath(path)] : [];
    const below = value.flatMap((item, i) => atomicPaths(item, schema.items, [...path, `i:${i}`]));
    return [...own, ...below];
  }
  if (!isObject(value) || schema.kind === 'list') return [];
  const own = schema.atomic ? [displayPath(path)] : [];
  const below = Object.entries(value).flatMap(([name, member]) =>
    atomicPaths(member, memberSchema(schema, name), [...path, memberElement(name)]),
  );
  return [...own, ...below];
}
