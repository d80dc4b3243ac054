import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byVersion } from './version-order.ts';

test('versions stand in the order of the documentation', () => {
  const ordered = 'v10 v2 v1 v11beta2 v10beta3 v3beta1 v12alpha1 v11alpha2 foo1 foo10'.split(' ');
  assert.deepEqual([...ordered].reverse().sort(byVersion), ordered);
});
