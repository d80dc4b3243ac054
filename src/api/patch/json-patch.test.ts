import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../status.ts';
import { jsonPatch, maxOperations } from './json-patch.ts';

const rows: [target: unknown, patch: object[], result: unknown][] = [
  [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
  [{ foo: ['a', 'c'] }, [{ op: 'add', path: '/foo/1', value: 'b' }], { foo: ['a', 'b', 'c'] }],
  [{ foo: ['a'] }, [{ op: 'add', path: '/foo/-', value: 'b' }], { foo: ['a', 'b'] }],
  [{ foo: ['a', 'b'] }, [{ op: 'add', path: '/foo/-1', value: 'c' }], { foo: ['a', 'b', 'c'] }],
  [{ foo: 1 }, [{ op: 'add', path: '/foo', value: null }], { foo: null }],
  [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  [{ a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
  [{ a: [1, 2, 3] }, [{ op: 'remove', path: '/a/-1' }], { a: [1, 2] }],
  [{ a: 1 }, [{ op: 'replace', path: '/a', value: 2 }], { a: 2 }],
  [{ a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 3 }], { a: [3, 2] }],
  [{ a: { x: 1 }, b: {} }, [{ op: 'move', from: '/a/x', path: '/b/y' }], { a: {}, b: { y: 1 } }],
  [{ a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
  [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
  [{ 'a/b': { 'c~d': 1 } }, [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }], { 'a/b': { 'c~d': 2 } }],
  [{ a: [1, { b: 2 }] }, [{ op: 'test', path: '/a', value: [1, { b: 2 }] }], { a: [1, { b: 2 }] }],
  [{}, [{ op: 'test', path: '/a', value: null }], {}],
  [{}, [], {}],
  [
    { metadata: { annotations: {} } },
    [{ op: 'add', path: '/metadata/annotations/x.y~1z', value: '1' }],
    { metadata: { annotations: { 'x.y/z': '1' } } },
  ],
];
for (const [target, patch, result] of rows) {
  test(`${JSON.stringify(target)} after ${JSON.stringify(patch)}`, () => {
    const before = JSON.stringify(target);
    assert.deepEqual(jsonPatch(target, patch), result);
    assert.equal(JSON.stringify(target), before);
  });
}

const refused: [target: unknown, patch: object[], why: string][] = [
  [
    {},
    [{ op: 'add', path: '/a/b', value: 1 }],
    'add operation does not apply: doc is missing path: "/a/b": missing value',
  ],
  [
    {},
    [{ op: 'remove', path: '/a' }],
    "error in remove for path: '/a': unable to remove nonexistent key: a: missing value",
  ],
  [
    {},
    [{ op: 'replace', path: '/a', value: 1 }],
    'replace operation does not apply: doc is missing key: /a: missing value',
  ],
  [
    { a: [] },
    [{ op: 'add', path: '/a/1', value: 1 }],
    "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
  ],
  [
    { a: [] },
    [{ op: 'add', path: '/a/x', value: 1 }],
    `error in add for path: '/a/x': strconv.Atoi: parsing "x": invalid syntax`,
  ],
  [{ a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 'testing value /a failed: test failed'],
  [{ a: 1 }, [{ op: 'foo', path: '/a' }], 'Unexpected kind: foo'],
  [{ a: 1 }, [{ path: '/a' }], 'Unexpected kind: unknown'],
  [{ a: 1 }, [{ op: 'remove' }], 'remove operation failed to decode path: missing value'],
  [{ a: 1 }, [{ op: 'copy', path: '/b' }], 'copy operation failed to decode from: missing value'],
  [
    { a: { b: 1 } },
    [{ op: 'move', from: '/a', path: '/a/b' }],
    'move operation does not apply: /a/b is inside of /a',
  ],
  [
    { toString: 1 },
    [{ op: 'remove', path: '/valueOf' }],
    "error in remove for path: '/valueOf': unable to remove nonexistent key: valueOf: missing value",
  ],
];
for (const [target, patch, why] of refused) {
  test(`${JSON.stringify(patch)} does not apply to ${JSON.stringify(target)}`, () => {
    assert.throws(
      () => jsonPatch(target, patch),
      (error: ApiError) =>
        error.code === 422 &&
        error.message === 'the server rejected our request due to an error in our request' &&
        (error.cause as Error).message === why,
    );
  });
}

test('what is no patch is a bad request; too long a patch is too large', () => {
  const code = (patch: unknown) => {
    try {
      jsonPatch({}, patch);
    } catch (error) {
      return error instanceof ApiError ? [error.code, error.message] : error;
    }
    return undefined;
  };
  assert.deepEqual(code({}), [400, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch']);
  assert.deepEqual(code([1]), [
    400,
    'json: cannot unmarshal number into Go value of type jsonpatch.Operation',
  ]);
  const many = Array.from({ length: maxOperations + 1 }, () => ({ op: 'test', path: '/a', value: null }));
  assert.deepEqual(code(many), [
    413,
    'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  ]);
});

test('copies of copies are bounded', () => {
  const patch = Array.from({ length: 64 }, (_, i) => ({ op: 'copy', from: '', path: `/a${i}` }));
  const doubling = patch.map((each, i) => ({ ...each, from: '/a', path: `/a/${i}` }));
  assert.throws(() => jsonPatch({ a: { x: 1 } }, doubling), { code: 422 });
});
