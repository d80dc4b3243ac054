import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedFrequencyRunner } from './bounded-frequency-runner.ts';
import { FakeClock } from './fake-clock.ts';

function runner(options: { minInterval: number; maxInterval?: number; retryInterval?: number }) {
  const clock = new FakeClock(0);
  const runs: number[] = [];
  const state = { fail: false };
  const run = async () => {
    runs.push(clock.now());
    if (state.fail) throw new Error('no');
  };
  return { clock, runs, state, runner: new BoundedFrequencyRunner({ clock, run, onError() {} }, options) };
}

test('requests within the interval lead to one run after it', async () => {
  const { clock, runs, runner: r } = runner({ minInterval: 10 });
  r.request();
  await clock.advance(1);
  r.request();
  r.request();
  await clock.advance(100);
  assert.deepEqual(runs, [0, 10]);
});

test('without requests it runs at the longest interval', async () => {
  const { clock, runs, runner: r } = runner({ minInterval: 10, maxInterval: 50, retryInterval: 20 });
  r.request();
  await clock.advance(120);
  assert.deepEqual(runs, [0, 50, 100]);
});

test('a failed run is tried again after the retry interval', async () => {
  const { clock, runs, state, runner: r } = runner({ minInterval: 10, maxInterval: 1000, retryInterval: 30 });
  state.fail = true;
  r.request();
  await clock.advance(40);
  state.fail = false;
  await clock.advance(100);
  assert.deepEqual(runs, [0, 30, 60]);
  await r.stop();
});
