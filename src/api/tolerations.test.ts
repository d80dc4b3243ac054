import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Toleration } from './generated/types.ts';
import { tolerates } from './tolerations.ts';

const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
const rows: [string, Toleration, boolean][] = [
  ['all', { operator: 'Exists' }, true],
  ['no key and Equal', { value: 'v' }, false],
  ['the key', { key: 'k', operator: 'Exists' }, true],
  ['the value', { key: 'k', value: 'v' }, true],
  ['another value', { key: 'k', value: 'w' }, false],
  ['another effect', { key: 'k', value: 'v', effect: 'NoExecute' }, false],
  ['another key', { key: 'l', operator: 'Exists' }, false],
];
for (const [name, toleration, want] of rows) {
  test(`toleration: ${name}`, () => assert.equal(tolerates([toleration], taint), want));
}
