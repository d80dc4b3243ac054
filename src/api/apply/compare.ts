/** What changed between two values, field by field. */
import { equalJson, isObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { memberSchema } from './element-schema.ts';
import { FieldSet } from './field-set.ts';
import { memberElement, type PathElement } from './path-element.ts';
import { itemsByElement, type Shape, shapeOf } from './typed-value.ts';

export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Compares two values of one type. A field that is new is added with all that is below it. */
export function compareTyped(before: unknown, after: unknown, schema: Schema | undefined): Comparison {
  const comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  walk(before, after, schema, [], comparison);
  return comparison;
}

function walk(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  path: PathElement[],
  comparison: Comparison,
): void {
  const shape = commonShape(before, after, schema);
  if (shape === undefined) {
    if (before === undefined) comparison.added.insert(path);
    else if (after === undefined) comparison.removed.insert(path);
    else if (!equalJson(before, after)) comparison.modified.insert(path);
    return;
  }
  if (shape.as === 'members') walkMembers(before, after, shape.schema, path, comparison);
  else walkItems(before, after, shape.schema, path, comparison);
  if (before === undefined) comparison.added.insert(path);
  else if (after === undefined) comparison.removed.insert(path);
}

/** The shape in which two values are compared; undefined where they are as wholes. */
function commonShape(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
): Exclude<Shape, { as: 'leaf' }> | undefined {
  const left = shapeOf(before, schema);
  const right = shapeOf(after, schema);
  if (isEmptyOrAbsent(before) && isEmptyOrAbsent(after)) return undefined;
  const leftCounts = before !== null && before !== undefined;
  const rightCounts = after !== null && after !== undefined;
  if (leftCounts && left.as === 'leaf') return undefined;
  if (rightCounts && right.as === 'leaf') return undefined;
  const shape = rightCounts ? right : left;
  return shape.as === 'leaf' ? undefined : shape;
}

function isEmptyOrAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function walkMembers(
  before: unknown,
  after: unknown,
  schema: (Shape & { as: 'members' })['schema'],
  path: PathElement[],
  comparison: Comparison,
): void {
  const left = isObject(before) ? before : {};
  const right = isObject(after) ? after : {};
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const [a, b] = [own(left, name), own(right, name)];
    if (a === undefined && b === undefined) continue;
    walk(a, b, memberSchema(schema, name), [...path, memberElement(name)], comparison);
  }
}

function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function walkItems(
  before: unknown,
  after: unknown,
  schema: (Shape & { as: 'items' })['schema'],
  path: PathElement[],
  comparison: Comparison,
): void {
  const left = itemsByElement(Array.isArray(before) ? before : [], schema);
  const right = itemsByElement(Array.isArray(after) ? after : [], schema);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    walk(left.get(element), right.get(element), schema.items, [...path, element], comparison);
  }
}
