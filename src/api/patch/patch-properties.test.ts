/** What must hold for whatever objects there are, tried on objects made from the schemas with a fixed seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject, type JsonObject } from '../json.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { FieldSchema, ListSchema, MapSchema, Schema, StructSchema } from '../schema/schema.ts';
import { randomStruct, SeededRandom } from '../testing/random-values.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

const kinds = [
  { group: '', version: 'v1', kind: 'Pod' },
  { group: '', version: 'v1', kind: 'Service' },
  { group: '', version: 'v1', kind: 'ConfigMap' },
  { group: '', version: 'v1', kind: 'Node' },
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
];
const rounds = 40;

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A JSON merge patch (RFC 7386) from one object to another. */
function mergeDiff(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = from[key];
    if (isObject(before) && isObject(value)) {
      const inner = mergeDiff(before, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!equal(before, value)) patch[key] = value;
  }
  return patch;
}

/** A strategic merge patch, as kubectl makes it: with element orders, and deletions by key. */
function strategicDiff(from: JsonObject, to: JsonObject, schema: StructSchema | MapSchema): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = from[key];
    if (equal(before, value)) continue;
    const field = schema.kind === 'struct' ? schema.fields.get(key) : undefined;
    const inner = schema.kind === 'map' ? schema.values : field?.schema;
    const merges = field?.patchStrategies.includes('merge');
    if (isObject(before) && isObject(value) && isMergeable(inner, field)) {
      patch[key] = strategicDiff(before, value, inner);
    } else if (Array.isArray(before) && Array.isArray(value) && merges && inner?.kind === 'list') {
      Object.assign(patch, listDiff(key, before, value, inner, field!));
    } else patch[key] = value;
  }
  return patch;
}

function isMergeable(schema: Schema | undefined, field?: FieldSchema): schema is StructSchema | MapSchema {
  if (field?.patchStrategies.includes('replace')) return false;
  return schema?.kind === 'struct' || schema?.kind === 'map';
}

function listDiff(
  key: string,
  before: unknown[],
  after: unknown[],
  schema: ListSchema,
  { mergeKey }: FieldSchema,
): JsonObject {
  if (mergeKey === undefined || schema.items.kind !== 'struct') {
    const gone = before.filter(item => !after.includes(item));
    return {
      ...(after.length > 0 && { [key]: after, [`$setElementOrder/${key}`]: after }),
      ...(gone.length > 0 && { [`$deleteFromPrimitiveList/${key}`]: gone }),
    };
  }
  const { items } = schema;
  const of = (list: unknown[], name: unknown) => (list as JsonObject[]).find(item => item[mergeKey] === name);
  const changed = (after as JsonObject[]).flatMap(item => {
    const old = of(before, item[mergeKey]);
    if (!old) return [item];
    const diff = strategicDiff(old, item, items);
    return Object.keys(diff).length > 0 ? [{ ...diff, [mergeKey]: item[mergeKey] }] : [];
  });
  const gone = (before as JsonObject[]).filter(item => !of(after, item[mergeKey]));
  const deletions = gone.map(item => ({ $patch: 'delete', [mergeKey]: item[mergeKey] }));
  return {
    [key]: [...changed, ...deletions],
    ...(after.length > 0 && {
      [`$setElementOrder/${key}`]: (after as JsonObject[]).map(item => ({ [mergeKey]: item[mergeKey] })),
    }),
  };
}

for (const gvk of kinds) {
  const schema = kindSchema(gvk)!;
  const random = new SeededRandom(20_261_128);
  const pairs = Array.from({ length: rounds }, () => [
    randomStruct(random, schema),
    randomStruct(random, schema),
  ]) as [JsonObject, JsonObject][];

  test(`${gvk.kind}: the merge patch of a difference gives the target, twice as well`, () => {
    for (const [from, to] of pairs) {
      const patch = mergeDiff(from, to);
      const once = mergePatch(from, patch);
      assert.deepEqual(once, to);
      assert.deepEqual(mergePatch(once, patch), to);
    }
  });

  test(`${gvk.kind}: the strategic merge patch of a difference gives the target, twice as well`, () => {
    for (const [from, to] of pairs) {
      const patch = strategicDiff(from, to, schema);
      const once = strategicMergePatch(from, patch, schema);
      assert.deepEqual(once, to);
      assert.deepEqual(strategicMergePatch(once, patch, schema), to);
    }
  });

  test(`${gvk.kind}: an empty patch changes nothing, and no patch changes its arguments`, () => {
    for (const [from, to] of pairs) {
      const patch = strategicDiff(from, to, schema);
      const [before, patchBefore] = [structuredClone(from), structuredClone(patch)];
      assert.deepEqual(strategicMergePatch(from, {}, schema), from);
      strategicMergePatch(from, patch, schema);
      assert.deepEqual([from, patch], [before, patchBefore]);
    }
  });
}
