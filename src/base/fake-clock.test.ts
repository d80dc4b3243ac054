import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from './fake-clock.ts';

test('timers fire in the order they fall due, at their time', async () => {
  const clock = new FakeClock(0);
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.now()]);
  clock.after(20, note('b'));
  clock.after(10, note('a'));
  clock.every(15, note('tick'));
  await clock.advance(30);
  assert.deepEqual(fired, [
    ['a', 10],
    ['tick', 15],
    ['b', 20],
    ['tick', 30],
  ]);
  assert.equal(clock.now(), 30);
});

test('a chain of sleeps unfolds within one advance', async () => {
  const clock = new FakeClock(0);
  const seen: number[] = [];
  const chain = (async () => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(10);
      seen.push(clock.now());
    }
  })();
  await clock.advance(100);
  await chain;
  assert.deepEqual(seen, [10, 20, 30]);
});

test('a sleep rejects with the reason of its signal and leaves no timer', async () => {
  const clock = new FakeClock(0);
  const abort = new AbortController();
  const sleeping = clock.sleep(10, abort.signal);
  const reason = new Error('enough');
  abort.abort(reason);
  await assert.rejects(sleeping, reason);
  assert.equal(clock.pending, 0);
});
