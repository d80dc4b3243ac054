import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { JsonObject } from '../json.ts';
import type { ApiError } from '../status.ts';
import { isFailedTest, jsonPatch, maxOperations } from './json-patch.ts';

interface Row {
  what: string;
  /** The section of the RFC, or the library's own cases. */
  source: string;
  live: JsonObject;
  patch: JsonObject[];
  result?: JsonObject;
  /** Why an operation does not apply. */
  error?: string;
}

const file = new URL('json-patch-cases.yaml', import.meta.url);
for (const { what, source, live, patch, result, error: why } of parse(readFileSync(file, 'utf8')) as Row[]) {
  test(`${what} (${source})`, () => {
    const before = structuredClone([live, patch]);
    if (why === undefined) assert.deepEqual(jsonPatch(live, patch), result);
    else {
      const message = 'the server rejected our request due to an error in our request';
      assert.throws(
        () => jsonPatch(live, patch),
        (error: ApiError) => {
          assert.deepEqual([error.code, error.message, (error.cause as Error).message], [422, message, why]);
          assert.equal(isFailedTest(error), why.startsWith('testing value'));
          return true;
        },
      );
    }
    assert.deepEqual([live, patch], before);
  });
}

const refused: [patch: unknown, code: number, message: string][] = [
  [{}, 400, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
  [[1], 400, 'json: cannot unmarshal number into Go value of type jsonpatch.Operation'],
  [
    Array.from({ length: maxOperations + 1 }, () => ({ op: 'test', path: '/a', value: null })),
    413,
    'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  ],
];
for (const [patch, code, message] of refused) {
  test(`${message} (${code})`, () => assert.throws(() => jsonPatch({}, patch), { code, message }));
}

test('copies of copies are bounded', () => {
  const doubling = Array.from({ length: 64 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/${i}` }));
  assert.throws(() => jsonPatch({ a: { x: 1 } }, doubling), { code: 422 });
});

test('a member named like one of every object is only a member', () => {
  assert.throws(() => jsonPatch({ toString: 1 }, [{ op: 'remove', path: '/valueOf' }]), { code: 422 });
  const patched = jsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]);
  assert.equal(JSON.stringify(patched), '{"__proto__":{"polluted":true}}');
  assert.equal(Object.getPrototypeOf(patched), Object.prototype);
});
