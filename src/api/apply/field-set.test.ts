import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionSchema, kindSchema } from '../schema/definitions.ts';
import { FieldSet } from './field-set.ts';
import { displayPath } from './path-element.ts';
import { fieldSetOf } from './typed-value.ts';

const pod = kindSchema({ group: '', version: 'v1', kind: 'Pod' })!;

const encoded: [what: string, value: unknown, fields: object][] = [
  [
    'members of structs and entries of maps',
    { metadata: { name: 'a', labels: { app: 'x' }, annotations: {} } },
    { 'f:metadata': { 'f:name': {}, 'f:labels': { 'f:app': {} }, 'f:annotations': {} } },
  ],
  [
    'items by their keys, atomic lists as one',
    { spec: { containers: [{ name: 'a', args: ['x'], ports: [{ containerPort: 80 }] }] } },
    {
      'f:spec': {
        'f:containers': {
          'k:{"name":"a"}': {
            '.': {},
            'f:name': {},
            'f:args': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
      },
    },
  ],
  [
    'items of sets by their value',
    { metadata: { finalizers: ['a/b'] } },
    { 'f:metadata': { 'f:finalizers': { 'v:"a/b"': {} } } },
  ],
  [
    'atomic maps and structs as one',
    { spec: { nodeSelector: { a: 'b' } } },
    { 'f:spec': { 'f:nodeSelector': {} } },
  ],
  ['empty structs are fields', { spec: { securityContext: {} } }, { 'f:spec': { 'f:securityContext': {} } }],
  ['nulls are fields', { spec: { nodeName: null } }, { 'f:spec': { 'f:nodeName': {} } }],
];
for (const [what, value, fields] of encoded) {
  test(`fields: ${what}`, () => {
    const set = fieldSetOf(value, pod);
    assert.deepEqual(set.toFieldsV1(), fields);
    assert.ok(FieldSet.fromFieldsV1(fields).equals(set));
  });
}

const a = FieldSet.of(['f:a'], ['f:b', 'f:c'], ['f:b'], ['f:d', 'f:e']);
const b = FieldSet.of(['f:b'], ['f:d', 'f:e'], ['f:x']);
const operations: [what: string, set: FieldSet, paths: string[]][] = [
  ['union', a.union(b), ['.a', '.b', '.x', '.b.c', '.d.e']],
  ['intersection', a.intersection(b), ['.b', '.d.e']],
  ['difference', a.difference(b), ['.a', '.b.c']],
  ['recursive difference', a.recursiveDifference(b), ['.a']],
];
for (const [what, set, paths] of operations) {
  test(`${what} of sets`, () => assert.deepEqual(set.paths().map(displayPath), paths));
}

test('struct fields above a field are named with it', () => {
  const set = FieldSet.of(
    ['f:spec', 'f:containers', 'k:{"name":"a"}', 'f:image'],
    ['f:metadata', 'f:labels', 'f:x'],
  );
  assert.deepEqual(set.withNamedFields(pod).paths().map(displayPath), [
    '.metadata',
    '.spec',
    '.metadata.labels',
    '.metadata.labels.x',
    '.spec.containers',
    '.spec.containers[name="a"].image',
  ]);
});

test('elements are read in any form and written in one', () => {
  const set = FieldSet.fromFieldsV1({
    'k:{"protocol":"TCP", "containerPort":80}': {},
    'v: "x"': {},
    'i:3': {},
  });
  assert.deepEqual(Object.keys(set.toFieldsV1()), [
    'i:3',
    'k:{"containerPort":80,"protocol":"TCP"}',
    'v:"x"',
  ]);
  for (const odd of [{ 'x:a': {} }, { 'k:[]': {} }, { 'i:x': {} }, [], { 'f:a': 1 }]) {
    assert.throws(() => FieldSet.fromFieldsV1(odd), SyntaxError);
  }
  let deep: object = {};
  for (let i = 0; i < 300; i++) deep = { 'f:a': deep };
  assert.throws(() => FieldSet.fromFieldsV1(deep), SyntaxError);
});

test('anything below an untyped field is told by its form', () => {
  const revision = definitionSchema('apps.v1.ControllerRevision')!;
  const set = fieldSetOf({ data: { a: [1], b: { c: 1 } } }, revision);
  assert.deepEqual(set.toFieldsV1(), { 'f:data': { 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} } } });
});
