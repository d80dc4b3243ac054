import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JSONSchemaProps } from '../generated/types.ts';
import { Findings } from '../kinds/findings.ts';
import { checkBySchema, checkListTypes } from './validation.ts';
import { compileChecks } from './value-checks.ts';

function complaints(spec: JSONSchemaProps, value: unknown, old?: unknown): string[] {
  const schema: JSONSchemaProps = { type: 'object', properties: { spec } };
  const out = new Findings();
  const wrap = (each: unknown) => (each === undefined ? undefined : { spec: each });
  checkBySchema(compileChecks(schema), wrap(value), wrap(old), out);
  checkListTypes(wrap(value), schema, undefined, out);
  return out.list.map(({ field, message }) => `${field}: ${message}`);
}

const rows: [schema: JSONSchemaProps, value: unknown, expected: string[]][] = [
  [{ type: 'string' }, 'a', []],
  [{ type: 'string' }, 1, ['spec: Invalid value: "integer": spec in body must be of type string: "integer"']],
  [
    { type: 'integer' },
    1.5,
    ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
  ],
  [{ type: 'number' }, 1, []],
  [{ type: 'boolean' }, null, ['spec: Invalid value: "null": spec in body must be of type boolean: "null"']],
  [{ type: 'boolean', nullable: true }, null, []],
  [
    { type: 'object', properties: { a: { type: 'object', required: ['b'] } } },
    { a: {} },
    ['spec.a.b: Required value'],
  ],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', ['spec: Unsupported value: "c": supported values: "a", "b"']],
  [{ type: 'string', maxLength: 2 }, 'abc', ['spec: Too long: may not be more than 2 bytes']],
  [{ type: 'string', maxLength: 2 }, '😀😀', []],
  [
    { type: 'string', minLength: 2 },
    'a',
    ['spec: Invalid value: "a": spec in body should be at least 2 chars long'],
  ],
  [{ type: 'string', pattern: '^a+$' }, 'b', [`spec: Invalid value: "b": spec in body should match '^a+$'`]],
  [
    { type: 'integer', minimum: 1 },
    0,
    ['spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
  ],
  [
    { type: 'integer', maximum: 10, exclusiveMaximum: true },
    10,
    ['spec: Invalid value: 10: spec in body should be less than 10'],
  ],
  [{ type: 'integer', multipleOf: 3 }, 4, ['spec: Invalid value: 4: spec in body should be a multiple of 3']],
  [
    { type: 'array', items: { type: 'string' } },
    ['a', 1],
    ['spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"'],
  ],
  [
    { type: 'array', maxItems: 1, items: { type: 'string' } },
    ['a', 'b'],
    ['spec: Too many: 2: must have at most 1 items'],
  ],
  [
    { type: 'array', minItems: 1, items: { type: 'string' } },
    [],
    ['spec: Invalid value: 0: spec in body should have at least 1 items'],
  ],
  [
    { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 1 },
    { a: 'b', c: 'd' },
    ['spec: Too many: 2: must have at most 1 items'],
  ],
  [
    { type: 'object', additionalProperties: { type: 'string' } },
    { a: true },
    ['spec.a: Invalid value: "boolean": spec.a in body must be of type string: "boolean"'],
  ],
  [{ 'x-kubernetes-int-or-string': true }, 'a', []],
  [
    { 'x-kubernetes-int-or-string': true },
    true,
    ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
  ],
  [
    { type: 'string', format: 'date-time' },
    'yesterday',
    ['spec: Invalid value: "yesterday": spec in body must be of type date-time: "yesterday"'],
  ],
  [{ type: 'string', format: 'date-time' }, '2026-02-03T04:05:06Z', []],
  [{ type: 'string', format: 'no-such' }, 'x', []],
  [
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    {},
    [
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      'spec.a: Required value',
    ],
  ],
  [
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    { a: '', b: '' },
    [
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ],
  [
    { type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] },
    'c',
    [
      '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
      `spec: Invalid value: "c": spec in body should match '^a'`,
    ],
  ],
  [
    { type: 'string', not: { enum: ['a'] } },
    'a',
    ['<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
  ],
  [
    { type: 'string', allOf: [{ minLength: 2 }] },
    'a',
    [
      'spec: Invalid value: "a": spec in body should be at least 2 chars long',
      '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
    ],
  ],
  [
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ['a', 'b', 'a', 'a'],
    ['spec[2]: Duplicate value: "a"'],
  ],
  [
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' } } },
    },
    [{ name: 'a' }, { name: 'a' }],
    ['spec[1]: Duplicate value: {"name":"a"}'],
  ],
];

for (const [schema, value, expected] of rows) {
  test(`${JSON.stringify(value)} by ${JSON.stringify(schema)}`, () => {
    assert.deepEqual(complaints(schema, value), expected);
  });
}

test('what has not changed is not complained of', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: { a: { type: 'string', maxLength: 1 }, b: { type: 'string', maxLength: 1 } },
  };
  assert.deepEqual(complaints(schema, { a: 'long', b: 'long' }, { a: 'long', b: 'b' }), [
    'spec.b: Too long: may not be more than 1 bytes',
  ]);
});

test('a pattern that backtracking engines choke on takes no time', () => {
  const began = performance.now();
  complaints({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`);
  assert.ok(performance.now() - began < 2000);
});
