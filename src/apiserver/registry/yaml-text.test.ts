import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from './yaml-text.ts';

/** Texts with what gopkg.in/yaml.v2 says of them in strict mode. */
const rows: [text: string, value: unknown, repeated: string[]][] = [
  ['a: 1\nb: [x, {c: yes}]', { a: 1, b: ['x', { c: true }] }, []],
  ['{"a": "2020-01-01"}', { a: '2020-01-01' }, []],
  ['\na: b\nfoo: 1\nfoo: 2\n', { a: 'b', foo: 2 }, ['line 4: key "foo" already set in map']],
  [
    'spec:\n  foo: 1\n  foo: 2\nspec:\n  x: 1',
    { spec: { x: 1 } },
    ['line 3: key "foo" already set in map', 'line 5: key "spec" already set in map'],
  ],
  ['- 1: a\n  1: b', [{ 1: 'b' }], ['line 2: key 1 already set in map']],
];
for (const [text, value, repeated] of rows) {
  test(`${JSON.stringify(text)} has ${repeated.length} repeated keys`, () => {
    const read = readYaml(text);
    assert.deepEqual(read.value, value);
    const lines = ['yaml: unmarshal errors:', ...repeated].join('\n  ');
    assert.equal(read.repeated, repeated.length > 0 ? lines : undefined);
  });
}

test('what is no YAML is refused', () => {
  assert.throws(() => readYaml('a: [1'), /Flow sequence/);
  assert.throws(() => readYaml(`a: &a [x]\nb: [${'*a,'.repeat(200)}]`), /alias/i);
});
