import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HPAScalingRulesV2 } from '../../api/generated/types.ts';
import { decideReplicas, noHistory, type ScalingHistory, type Wish, withChange } from './scaling-rules.ts';

const start = Date.parse('2030-01-01T00:00:00Z');
const second = 1000;

/** The defaults the API server gives a behavior. */
function behaviorOf(up: HPAScalingRulesV2 = {}, down: HPAScalingRulesV2 = {}): NonNullable<Wish['behavior']> {
  const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
  const four = { type: 'Pods', value: 4, periodSeconds: 15 };
  return {
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [four, percent], ...up },
    scaleDown: { selectPolicy: 'Max', policies: [percent], ...down },
  };
}

const none: Wish = { current: 1, desired: 1, min: 1, max: 100, behavior: undefined, now: start };

const pods = (value: number, periodSeconds = 60) => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds = 60) => ({ type: 'Percent', value, periodSeconds });
const up = (selectPolicy: string, ...policies: HPAScalingRulesV2['policies'] & {}) =>
  behaviorOf({ selectPolicy, policies });
const down = (selectPolicy: string, ...policies: HPAScalingRulesV2['policies'] & {}) =>
  behaviorOf({}, { selectPolicy, policies, stabilizationWindowSeconds: 0 });

const rows: [what: string, wish: Partial<Wish>, replicas: number, limited: string][] = [
  ['in range', { current: 2, desired: 3 }, 3, 'DesiredWithinRange'],
  ['above the maximum', { current: 4, desired: 9, max: 5 }, 5, 'TooManyReplicas'],
  ['below the minimum', { current: 4, desired: 1, min: 2 }, 2, 'TooFewReplicas'],
  ['no more than twice as many', { current: 10, desired: 50 }, 20, 'ScaleUpLimit'],
  ['or four', { current: 1, desired: 9 }, 4, 'ScaleUpLimit'],
  [
    'four more or twice as many by default',
    { current: 1, desired: 9, behavior: behaviorOf() },
    5,
    'ScaleUpLimit',
  ],
  ['whichever is more', { current: 10, desired: 50, behavior: behaviorOf() }, 20, 'ScaleUpLimit'],
  [
    'the smaller step',
    { current: 10, desired: 50, behavior: up('Min', pods(3), percent(100)) },
    13,
    'ScaleUpLimit',
  ],
  [
    'a percentage is rounded up',
    { current: 5, desired: 9, behavior: up('Max', percent(10)) },
    6,
    'ScaleUpLimit',
  ],
  ['never up', { current: 5, desired: 9, behavior: up('Disabled') }, 5, 'ScaleUpLimit'],
  [
    'policies above the maximum',
    { current: 5, desired: 50, max: 8, behavior: behaviorOf() },
    8,
    'TooManyReplicas',
  ],
  ['two at a time down', { current: 9, desired: 1, behavior: down('Max', pods(2)) }, 7, 'ScaleDownLimit'],
  [
    'a tenth at a time',
    { current: 80, desired: 1, behavior: down('Max', percent(10)) },
    72,
    'ScaleDownLimit',
  ],
  [
    'the larger step',
    { current: 80, desired: 1, behavior: down('Max', percent(10), pods(4)) },
    72,
    'ScaleDownLimit',
  ],
  [
    'the smaller one',
    { current: 80, desired: 1, behavior: down('Min', percent(10), pods(4)) },
    76,
    'ScaleDownLimit',
  ],
  ['never down', { current: 9, desired: 1, behavior: down('Disabled') }, 9, 'ScaleDownLimit'],
  [
    'policies below the minimum',
    { current: 9, desired: 1, min: 3, behavior: down('Max', percent(100)) },
    3,
    'TooFewReplicas',
  ],
];
for (const [what, wish, replicas, reason] of rows) {
  test(`bounds and rates: ${what}`, () => {
    const outcome = decideReplicas({ ...none, ...wish }, noHistory);
    assert.deepEqual([outcome.replicas, outcome.limited.reason], [replicas, reason]);
    assert.equal(outcome.limited.status, reason === 'DesiredWithinRange' ? 'False' : 'True');
    assert.equal(outcome.stabilized.reason, 'ReadyForNewScale');
  });
}

/** Asks for these numbers, one each 15 s, and does what is decided. */
function play(wishes: number[], wish: Partial<Wish>): { replicas: number[]; reasons: string[] } {
  let history: ScalingHistory = noHistory;
  let current = wish.current ?? none.current;
  const replicas: number[] = [];
  const reasons: string[] = [];
  for (const [i, desired] of wishes.entries()) {
    const now = start + i * 15 * second;
    const asked = { ...none, ...wish, current, desired, now };
    const outcome = decideReplicas(asked, history);
    history = outcome.history;
    if (outcome.replicas !== current) history = withChange(history, asked, current, outcome.replicas);
    current = outcome.replicas;
    replicas.push(current);
    reasons.push(outcome.stabilized.reason);
  }
  return { replicas, reasons };
}

test('down goes to the most that was asked for in five minutes', () => {
  const { replicas, reasons } = play([5, ...Array(20).fill(2)], { current: 5 });
  assert.deepEqual(replicas, [...Array(20).fill(5), 2]);
  assert.deepEqual(new Set(reasons.slice(1, 20)), new Set(['ScaleDownStabilized']));
  assert.equal(reasons[20], 'ReadyForNewScale');
});

test('windows of their own: down at once, up after a minute', () => {
  const behavior = behaviorOf({ stabilizationWindowSeconds: 60 }, { stabilizationWindowSeconds: 0 });
  const { replicas, reasons } = play([3, 6, 6, 6, 6, 2], { current: 3, behavior });
  assert.deepEqual(replicas, [3, 3, 3, 3, 6, 2]);
  assert.deepEqual(reasons.slice(1, 4), Array(3).fill('ScaleUpStabilized'));
});

test('a window for down that is not given is five minutes', () => {
  const { replicas } = play([5, ...Array(20).fill(2)], { current: 5, behavior: behaviorOf() });
  assert.deepEqual(replicas, [...Array(20).fill(5), 2]);
});

test('rates count what was done in their period', () => {
  const behavior = behaviorOf({ policies: [pods(2, 30)] });
  assert.deepEqual(play([9, 9, 9, 9, 9], { current: 1, behavior }).replicas, [3, 3, 5, 5, 7]);
  const slowly = down('Max', percent(10));
  assert.deepEqual(play([1, 1, 1, 1, 1], { current: 80, behavior: slowly }).replicas, [72, 72, 72, 72, 64]);
});
