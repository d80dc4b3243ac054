import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { NarrowLane } from './narrow-lane.ts';

function laneWithJobs(count: number) {
  const clock = new FakeClock();
  const lane = new NarrowLane({ clock }, { width: 2, patience: 1000, courtesy: 300 });
  const begun: number[] = [];
  const jobs = Array.from({ length: count }, () => Promise.withResolvers<number>());
  const results = jobs.map(({ promise }, n) =>
    lane.run(() => {
      begun.push(n);
      return promise;
    }),
  );
  return { clock, lane, begun, jobs, results };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

test('as many as fit begin, the others in their order as places become free', async () => {
  const { begun, jobs, results } = laneWithJobs(4);
  await turn();
  assert.deepEqual(begun, [0, 1]);
  jobs[1]!.resolve(7);
  assert.equal(await results[1], 7);
  await turn();
  assert.deepEqual(begun, [0, 1, 2]);
  jobs[0]!.reject(new Error('failed'));
  await assert.rejects(results[0]!, /failed/);
  await turn();
  assert.deepEqual(begun, [0, 1, 2, 3]);
  jobs[2]!.resolve(0);
  jobs[3]!.resolve(0);
  await Promise.all(results.slice(2));
});

test('work that hangs gives its place up and still tells its end', async () => {
  const { clock, begun, jobs, results } = laneWithJobs(4);
  await turn();
  await clock.advance(1000);
  await turn();
  assert.deepEqual(begun, [0, 1, 2, 3]);
  for (const [n, job] of jobs.entries()) job.resolve(n);
  assert.deepEqual(await Promise.all(results), [0, 1, 2, 3]);
});

test('what somebody waits for goes before, for a while', async () => {
  const { clock, lane, begun } = laneWithJobs(0);
  const urgent = Promise.withResolvers<string>();
  const first = lane.before(() => urgent.promise);
  const second = lane.before(() => urgent.promise);
  const passed = lane.run(async () => begun.push(1));
  await turn();
  assert.equal(begun.length, 0);
  await clock.advance(299);
  await turn();
  assert.equal(begun.length, 0);
  await clock.advance(1);
  await passed;
  const waits = lane.run(async () => begun.push(2));
  await turn();
  assert.deepEqual(begun, [1]);
  urgent.resolve('done');
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
  await waits;
  assert.deepEqual(begun, [1, 2]);
});
