import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from './fake-clock.ts';
import { silentLogger } from './log.ts';
import { WorkQueue } from './work-queue.ts';

function queue(options: { workers?: number } = {}) {
  const clock = new FakeClock(0);
  return { clock, queue: new WorkQueue<string>({ clock, log: silentLogger }, { name: 'test', ...options }) };
}

test('a key added several times while it waits is handled once', async () => {
  const { queue: q } = queue();
  const seen: string[] = [];
  q.add('a');
  q.add('a');
  q.add('b');
  q.start(async key => void seen.push(key));
  await q.idle();
  assert.deepEqual(seen, ['a', 'b']);
});

test('a key added while it is handled is handled again afterwards, never twice at a time', async () => {
  const { queue: q } = queue({ workers: 4 });
  let running = 0;
  let runs = 0;
  q.start(async key => {
    assert.equal(++running, 1);
    if (++runs === 1) q.add(key);
    await new Promise(resolve => setImmediate(resolve));
    running--;
  });
  q.add('a');
  await q.idle();
  assert.equal(runs, 2);
});

test('a failing key comes back after a growing delay', async () => {
  const { clock, queue: q } = queue();
  const times: number[] = [];
  q.start(async () => {
    times.push(clock.now());
    if (times.length < 4) throw new Error('not yet');
  });
  q.add('a');
  await clock.advance(1000);
  assert.deepEqual(times, [0, 5, 15, 35]);
});

test('of two delays of one key the earlier wins', async () => {
  const { clock, queue: q } = queue();
  const times: number[] = [];
  q.start(async () => void times.push(clock.now()));
  q.addAfter('a', 50);
  q.addAfter('a', 20);
  q.addAfter('a', 90);
  await clock.advance(200);
  assert.deepEqual(times, [20]);
});

test('stop waits for the handler and drops what waits', async () => {
  const { queue: q } = queue();
  const seen: string[] = [];
  let release = () => {};
  q.start(async key => {
    await new Promise<void>(resolve => {
      release = resolve;
    });
    seen.push(key);
  });
  q.add('a');
  q.add('b');
  await new Promise(resolve => setImmediate(resolve));
  const stopping = q.stop();
  release();
  await stopping;
  assert.deepEqual(seen, ['a']);
});
