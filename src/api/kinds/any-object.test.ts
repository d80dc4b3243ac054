import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects.ts';
import { builtinResources } from '../resources.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { ScalarType, Schema } from '../schema/schema.ts';
import { semanticEqual } from './equality.ts';
import {
  applyDefaults,
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from './registry.ts';

/** A small generator of numbers that gives the same ones each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = [
  '',
  'a',
  'web',
  'Always',
  'None',
  'A_b',
  '-x',
  '10.0.0.1',
  'fe80::1',
  '10.0.0.0/8',
  'a/b',
  '25%',
  '*',
];
const quantities = ['0', '1', '100m', '1Gi', '-1', 'many'];

function scalar(type: ScalarType, next: () => number): unknown {
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)]!;
  switch (type) {
    case 'int32':
    case 'int64':
    case 'double':
      return pick([-1, 0, 1, 80, 70000, 2 ** 31]);
    case 'boolean':
      return next() < 0.5;
    case 'quantity':
      return pick(quantities);
    case 'intOrString':
      return next() < 0.5 ? pick([-1, 0, 80]) : pick(words);
    case 'bytes':
      return Buffer.from(pick(words)).toString('base64');
    case 'time':
    case 'microTime':
      return '2026-01-10T12:00:00Z';
    default:
      return pick(words);
  }
}

/** Anything the decoder would let through: right types, fields missing (required ones too) and odd values. */
function anything(schema: Schema, next: () => number, depth: number): unknown {
  switch (schema.kind) {
    case 'scalar':
      return scalar(schema.type, next);
    case 'list': {
      if (depth > 7) return [];
      return Array.from({ length: Math.floor(next() * 3) }, () => anything(schema.items, next, depth + 1));
    }
    case 'map':
      return next() < 0.3 || depth > 7 ? {} : { cpu: anything(schema.values, next, depth + 1) };
    case 'struct': {
      const object: Record<string, unknown> = {};
      const often = depth < 2 ? 0.95 : 0.35;
      for (const [name, field] of schema.fields) {
        if (next() < (depth > 8 ? 0.05 : often)) object[name] = anything(field.schema, next, depth + 1);
      }
      return object;
    }
  }
}

/** What is stored is shared: nothing may change it. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const child of Object.values(value)) freeze(child);
}

for (const resource of builtinResources) {
  test(`${resource.group}/${resource.kind}: no object breaks the rules`, () => {
    const schema = kindSchema(resource);
    assert.ok(schema);
    const next = generator(resource.kind.length + 7);
    for (let round = 0; round < 60; round++) {
      const old = anything(schema, next, 0) as KubeObject;
      const object = anything(schema, next, 0) as KubeObject;
      const status = structuredClone(object);
      for (const fresh of [old, object, status]) applyDefaults(resource, fresh);
      prepareForCreate(resource, old);
      assert.ok(Array.isArray(validateCreate(resource, old)));
      freeze(old);
      prepareForUpdate(resource, object, old);
      validateUpdate(resource, object, old);
      prepareForStatusUpdate(resource, status, old);
      validateStatusUpdate(resource, status, old);
    }
  });

  test(`${resource.group}/${resource.kind}: defaults applied twice are the same`, () => {
    const next = generator(resource.plural.length);
    for (let round = 0; round < 20; round++) {
      const once = anything(kindSchema(resource)!, next, 0) as KubeObject;
      applyDefaults(resource, once);
      const twice = structuredClone(once);
      applyDefaults(resource, twice);
      assert.ok(semanticEqual(once, twice), JSON.stringify([once, twice]));
    }
  });
}

test('an object without anything but metadata breaks nothing', () => {
  for (const resource of builtinResources) {
    const object = { metadata: { name: 'x', namespace: 'y' } };
    applyDefaults(resource, object);
    prepareForCreate(resource, object);
    validateCreate(resource, object);
    const fresh = structuredClone(object);
    prepareForUpdate(resource, fresh, object);
    validateUpdate(resource, fresh, object);
    validateStatusUpdate(resource, fresh, object);
  }
});
