import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePatch } from './merge-patch.ts';

// The table of RFC 7386, appendix A.
const rows: [target: unknown, patch: unknown, result: unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
for (const [target, patch, result] of rows) {
  test(`${JSON.stringify(target)} patched with ${JSON.stringify(patch)}`, () =>
    assert.deepEqual(mergePatch(target, patch), result));
}

test('neither argument is changed nor shared', () => {
  const target = Object.freeze({ a: Object.freeze({ b: 1 }) });
  const patch = { c: { d: [1] } };
  const result = mergePatch(target, patch) as { a: object; c: { d: number[] } };
  result.c.d.push(2);
  assert.notEqual(result.a, target.a);
  assert.deepEqual(patch, { c: { d: [1] } });
});

test('a member named __proto__ is only a member', () => {
  const patch = JSON.parse('{"__proto__":{"polluted":true}}');
  const result = mergePatch({}, patch) as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  assert.equal(result.polluted, undefined);
  assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":true}}');
});
