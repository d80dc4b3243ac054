import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

test('delays double up to the longest and start over when forgotten', () => {
  const backoff = new Backoff<string>({ initial: 10, max: 70 });
  const delays = Array.from({ length: 5 }, () => backoff.next('a'));
  assert.deepEqual(delays, [10, 20, 40, 70, 70]);
  assert.equal(backoff.next('b'), 10);
  backoff.forget('a');
  assert.equal(backoff.next('a'), 10);
});
