import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import {
  MetricError,
  type PodMetric,
  type PodsSituation,
  replicasForAverage,
  replicasForRatio,
  replicasForShare,
  replicasForUtilization,
} from './replica-count.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const minute = 60_000;

interface PodFacts {
  /** What it uses, thousandths; undefined: nothing is known. */
  uses?: number;
  phase?: string;
  /** Milliseconds ago. */
  started?: number;
  ready?: boolean;
  /** Milliseconds ago that it became so. */
  since?: number;
  deleted?: boolean;
  /** Of its metric. */
  window?: number;
}

const old = { started: 60 * minute, since: 59 * minute };

/** Pods that each request 1000, and what is known of them. */
function situation(all: PodFacts[], more: Partial<PodsSituation> = {}): PodsSituation {
  const pods: Pod[] = all.map((facts, i) => ({
    metadata: { name: `p${i}`, ...(facts.deleted && { deletionTimestamp: formatTime(now) }) },
    status: {
      phase: facts.phase ?? 'Running',
      startTime: formatTime(now - (facts.started ?? old.started)),
      conditions: [
        {
          type: 'Ready',
          status: facts.ready === false ? 'False' : 'True',
          lastTransitionTime: formatTime(now - (facts.since ?? old.since)),
        },
      ],
    },
  }));
  const metrics = new Map<string, PodMetric>();
  for (const [i, { uses, window = minute }] of all.entries()) {
    if (uses !== undefined) metrics.set(`p${i}`, { value: uses, at: now, window });
  }
  const tolerances = { up: 0.1, down: 0.1 };
  return { current: all.length, pods, metrics, tolerances, isCpu: true, now, ...more };
}

const requests = new Map(Array.from({ length: 12 }, (_, i) => [`p${i}`, 1000]));
const using = (...amounts: number[]): PodFacts[] => amounts.map(uses => ({ uses }));

/** For a use of 50 percent. */
const utilizations: [what: string, pods: PodFacts[], replicas: number, utilization: number][] = [
  ['as it should be', using(500, 500), 2, 50],
  ['twice as much', using(1000, 1000), 4, 100],
  ['half as much', using(250, 250, 250, 250), 2, 25],
  ['more than half of a replica too many', using(300, 300, 300), 2, 30],
  ['within the tolerance above', using(549, 549), 2, 54],
  ['outside of the tolerance above', using(560, 560), 3, 56],
  ['within the tolerance below', using(450, 450), 2, 45],
  ['a pod on its way out counts for nothing', [...using(1000), { uses: 9000, deleted: true }], 2, 100],
  ['one that failed counts for nothing', [...using(1000), { uses: 9000, phase: 'Failed' }], 2, 100],
  ['more is needed, and one that is pending uses nothing', [...using(1000), { phase: 'Pending' }], 2, 100],
  ['less is needed, and one is pending', [...using(250, 250), { phase: 'Pending' }], 1, 25],
  ['more is needed, and one tells nothing', [...using(1000, 1000), {}], 4, 100],
  ['less is needed, and one tells nothing: it may use all', [...using(100, 100, 100), {}], 3, 10],
  ['one that tells nothing would turn the direction', [...using(450, 400), {}, {}], 4, 42],
];
for (const [what, pods, replicas, utilization] of utilizations) {
  test(`utilization: ${what}`, () => {
    const proposal = replicasForUtilization(situation(pods), 50, () => requests);
    assert.deepEqual([proposal.replicas, proposal.utilization], [replicas, utilization]);
  });
}

test('tolerances of their own for each direction', () => {
  const tolerances = { up: 0, down: 0.5 };
  const replicas = (...amounts: number[]) =>
    replicasForUtilization(situation(using(...amounts), { tolerances }), 50, () => requests).replicas;
  assert.equal(replicas(510, 510), 3);
  assert.equal(replicas(260, 260), 2);
  assert.equal(replicas(240, 240), 1);
});

/** Two pods use twice what they should, the third ten times: whether its CPU counts. */
const starting: [what: string, pod: PodFacts, counts: boolean][] = [
  ['ready for long', old, true],
  [
    'started a while ago, ready for longer than its metric looks back',
    { started: 2 * minute, since: minute },
    true,
  ],
  ['ready for less', { started: 2 * minute, since: minute / 2 }, false],
  ['not ready in the first five minutes', { started: 4 * minute, since: 2 * minute, ready: false }, false],
  ['never ready', { started: 10 * minute, since: 10 * minute - 10_000, ready: false }, false],
  ['ready once', { started: 10 * minute, since: 5 * minute, ready: false }, true],
];
for (const [what, pod, counts] of starting) {
  test(`CPU of a pod that is ${what} ${counts ? 'counts' : 'does not count'}`, () => {
    const all = [...using(1000, 1000), { uses: 5000, ...pod }];
    assert.equal(replicasForUtilization(situation(all), 50, () => requests).replicas, counts ? 14 : 4);
    // Other resources are not used up by starting.
    const memory = situation(all, { isCpu: false });
    assert.equal(replicasForUtilization(memory, 50, () => requests).replicas, 14);
  });
}

test('averages of pods', () => {
  const replicas = (pods: PodFacts[]) => replicasForAverage(situation(pods, { isCpu: false }), 500).replicas;
  assert.equal(replicas(using(1000, 1000)), 4);
  assert.equal(replicas(using(540, 540)), 2);
  assert.equal(replicas([...using(100, 100), {}]), 2);
  assert.equal(replicasForAverage(situation(using(1000, 2001)), 500).usage, 1500);
});

test('what says nothing is an error in upstream words', () => {
  const of =
    (pods: PodFacts[], asked = requests) =>
    () =>
      replicasForUtilization(situation(pods), 50, () => asked);
  const refused = (message: string) => (error: Error) =>
    error instanceof MetricError && error.message === message;
  assert.throws(of([]), refused('no pods returned by selector while calculating replica count'));
  const unready = 'did not receive metrics for targeted pods (pods might be unready)';
  assert.throws(of([{ phase: 'Pending' }]), refused(unready));
  assert.throws(of([{}]), refused(unready));
  assert.throws(of(using(1), new Map()), refused('no metrics returned matched known pods'));
});

test('numbers about something else: by their ratio, or a share of them for each replica', () => {
  const tolerances = { up: 0.1, down: 0.1 };
  const { pods } = situation([{}, {}, { ready: false }]);
  assert.equal(replicasForRatio(3, 2, tolerances, pods), 4);
  assert.equal(replicasForRatio(3, 1.05, tolerances, pods), 3);
  assert.equal(replicasForRatio(0, 2.5, tolerances, []), 3);
  assert.throws(
    () => replicasForRatio(3, 2, tolerances, []),
    /^Error: unable to calculate ready pods: no pods/,
  );
  assert.deepEqual(replicasForShare(2, 9500, 1000, tolerances), { replicas: 10, usage: 4750 });
  assert.deepEqual(replicasForShare(10, 9500, 1000, tolerances), { replicas: 10, usage: 950 });
  assert.deepEqual(replicasForShare(0, 9500, 1000, tolerances), { replicas: 10, usage: 0 });
});
