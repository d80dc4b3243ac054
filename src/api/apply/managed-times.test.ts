import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onlyTimesDiffer } from './managed-times.ts';

const object = (time: string, manager = 'a', data = 'x') => ({
  metadata: { managedFields: [{ manager, time, fieldsV1: { 'f:data': {} } }] },
  data,
});

const rows: [what: string, next: object, only: boolean][] = [
  ['equal', object('1'), true],
  ['another time', object('2'), true],
  ['another manager', object('1', 'b'), false],
  ['other data', object('1', 'a', 'y'), false],
  ['no entries', { metadata: {}, data: 'x' }, false],
];
for (const [what, next, only] of rows) {
  test(`${what}: ${only ? 'no change' : 'a change'}`, () =>
    assert.equal(onlyTimesDiffer(object('1'), next as Record<string, unknown>), only));
}
