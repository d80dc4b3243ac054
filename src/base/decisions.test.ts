import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, DecisionLog, type DecisionTypes } from './decisions.ts';
import { FakeClock } from './fake-clock.ts';

declare module './decisions.ts' {
  interface DecisionTypes {
    'test.decided': { n: number };
  }
}

const numberOf = ({ detail }: Decision) => (detail as DecisionTypes['test.decided']).n;

test('the ring keeps the newest decisions in order', () => {
  const log = new DecisionLog(new FakeClock(0), 'server', 3);
  for (let n = 1; n <= 5; n++) log.record('test.decided', undefined, { n });
  assert.deepEqual(
    log.since().map(decision => [decision.sequence, numberOf(decision)]),
    [
      [3, 3],
      [4, 4],
      [5, 5],
    ],
  );
  assert.deepEqual(
    log.since(4).map(decision => decision.sequence),
    [5],
  );
  assert.deepEqual(log.since(5), []);
});

test('subscribers hear of each decision until they leave', () => {
  const log = new DecisionLog(new FakeClock(0), 'server');
  const heard: number[] = [];
  const leave = log.subscribe(decision => heard.push(numberOf(decision)));
  log.record('test.decided', { kind: 'Pod', name: 'web' }, { n: 1 });
  leave();
  log.record('test.decided', undefined, { n: 2 });
  assert.deepEqual(heard, [1]);
  assert.deepEqual(log.since()[0]?.object, { kind: 'Pod', name: 'web' });
});
