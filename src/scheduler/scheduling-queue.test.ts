import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { testInfo } from './test-objects.ts';

function setup() {
  const clock = new FakeClock();
  let woken = 0;
  const queue = new SchedulingQueue({ clock, plugins: defaultPlugins, onReady: () => woken++ });
  return { clock, queue, woken: () => woken };
}

const fit = new Set(['NodeResourcesFit']);

describe('scheduling queue', () => {
  it('gives the most important pod first, then the oldest', async () => {
    const { clock, queue } = setup();
    queue.set(testInfo('first'));
    await clock.advance(1);
    queue.set(testInfo('second'));
    queue.set(testInfo('urgent', { spec: { priority: 5 } }));
    const order = [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map(
      pod => pod?.info.pod.metadata.name,
    );
    assert.deepEqual(order, ['urgent', 'first', 'second', undefined]);
  });

  it('brings a refused pod back by an event its plugin cares about, after the back-off', async () => {
    const { clock, queue } = setup();
    queue.set(testInfo('p'));
    queue.pop();
    queue.refused('default/p', fit);
    queue.event('pod.labels');
    assert.equal(queue.whereIs('default/p'), 'unschedulable');
    queue.event('pod.deleted');
    assert.equal(queue.whereIs('default/p'), 'backoff');
    await clock.advance(999);
    assert.equal(queue.pop(), undefined);
    await clock.advance(1);
    assert.equal(queue.pop()?.attempts, 2);
  });

  it('doubles the back-off up to ten seconds', async () => {
    const { clock, queue } = setup();
    queue.set(testInfo('p'));
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      queue.pop();
      queue.failed('default/p', 'pod-default-p');
      const before = clock.now();
      while (queue.whereIs('default/p') === 'backoff') await clock.advance(500);
      waits.push(clock.now() - before);
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('tries again after five minutes without any event', async () => {
    const { clock, queue } = setup();
    queue.set(testInfo('p'));
    queue.pop();
    queue.refused('default/p', fit);
    await clock.advance(5 * 60_000);
    assert.ok(queue.pop());
  });

  it('holds back a gated pod until its gates are gone', () => {
    const { queue } = setup();
    queue.set(testInfo('p', { spec: { schedulingGates: [{ name: 'g' }] } }));
    assert.equal(queue.pop(), undefined);
    queue.set(testInfo('p'));
    assert.ok(queue.pop());
  });

  it('leaves a pod of the same name and another uid alone', () => {
    const { queue, woken } = setup();
    queue.set(testInfo('p'));
    queue.remove('default/p', 'other');
    assert.equal(queue.size, 1);
    queue.remove('default/p');
    assert.equal(queue.pop(), undefined);
    assert.equal(woken(), 1);
  });
});
