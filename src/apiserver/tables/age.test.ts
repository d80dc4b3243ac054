import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from './age.ts';

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;

for (const [duration, text] of [
  [-5 * s, '<invalid>'],
  [-1 * s, '0s'],
  [0, '0s'],
  [119 * s, '119s'],
  [120 * s, '2m'],
  [9 * m + 59 * s, '9m59s'],
  [10 * m + 59 * s, '10m'],
  [179 * m, '179m'],
  [3 * h + 5 * m, '3h5m'],
  [8 * h + 5 * m, '8h'],
  [47 * h, '47h'],
  [2 * d, '2d'],
  [2 * d + 5 * h, '2d5h'],
  [8 * d + 5 * h, '8d'],
  [729 * d, '729d'],
  [2 * 365 * d + 40 * d, '2y40d'],
  [9 * 365 * d, '9y'],
] as const) {
  test(`${duration} ms → ${text}`, () => assert.equal(humanDuration(duration), text));
}
