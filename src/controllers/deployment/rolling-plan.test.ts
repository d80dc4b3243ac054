import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment, ReplicaSet } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { maxAnnotation } from './revisions.ts';
import { fencepostsOf, planNewSet, planOldSets, planScaling, type Scale } from './rolling-plan.ts';

function set(name: string, replicas: number, available = replicas, max?: number): Stored<ReplicaSet> {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2030-01-01T00:00:0${name.length}Z`,
      ...(max !== undefined && { annotations: { [maxAnnotation]: String(max) } }),
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}
const deployment = (
  replicas: number,
  maxSurge: number | string = '25%',
  maxUnavailable: number | string = '25%',
): Deployment => ({
  spec: {
    replicas,
    selector: {},
    template: {},
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  },
});
const text = (scales: Scale[]) =>
  scales.map(({ set, replicas }) => `${set.metadata.name}=${replicas}`).join(' ');

describe('fenceposts', () => {
  const rows: [Deployment, number, number][] = [
    [deployment(10), 3, 2],
    [deployment(1), 1, 0],
    [deployment(3, 0, 0), 0, 1],
    [deployment(4, '50%', 3), 2, 3],
    [deployment(2, 1, 5), 1, 2],
  ];
  for (const [given, maxSurge, maxUnavailable] of rows) {
    it(`${given.spec?.replicas} ${JSON.stringify(given.spec?.strategy?.rollingUpdate)}`, () =>
      assert.deepEqual(fencepostsOf(given), { maxSurge, maxUnavailable }));
  }
});

describe('steps of a rolling update', () => {
  const rows: [string, Deployment, Stored<ReplicaSet>, Stored<ReplicaSet>[], string, string][] = [
    ['begins within the surge', deployment(4), set('new', 0), [set('o', 4)], 'new=1', 'o=3'],
    ['waits for the new pods', deployment(4), set('new', 1, 0), [set('o', 4)], '', 'o=3'],
    ['goes on when they are available', deployment(4), set('new', 1), [set('o', 3)], 'new=2', 'o=2'],
    ['has no more room', deployment(4), set('new', 2, 0), [set('o', 3)], '', ''],
    ['clears broken old pods first', deployment(4), set('new', 1, 0), [set('o', 4, 0)], '', 'o=3'],
    ['oldest set first', deployment(4, 1, 1), set('newest', 2), [set('oo', 2), set('o', 1)], '', 'o=0 oo=1'],
    ['shrinks a set that is too big', deployment(2), set('new', 5), [], 'new=2', ''],
    ['nothing left to do', deployment(2), set('new', 2), [set('o', 0)], '', ''],
    ['a status that is behind', deployment(4, 1, 1), set('new', 2, 1), [set('o', 3, 4)], '', 'o=2'],
  ];
  for (const [name, given, newSet, oldSets, growth, shrink] of rows) {
    it(name, () => {
      const plan = planNewSet(given, newSet, oldSets);
      assert.equal(plan ? text([plan]) : '', growth);
      assert.equal(text(planOldSets(given, newSet, oldSets).sort((a, b) => a.replicas - b.replicas)), shrink);
    });
  }
});

describe('scaling in the middle of a rollout', () => {
  const rows: [string, Deployment, Stored<ReplicaSet> | undefined, Stored<ReplicaSet>[], string][] = [
    ['one set', deployment(5), set('new', 2), [set('o', 0)], 'new=5'],
    ['no set has pods: the newest', deployment(5), set('new', 0), [set('o', 0)], 'new=5'],
    ['in proportion', deployment(20, 2, 0), set('new', 4, 0, 12), [set('o', 8, 8, 12)], 'o=15 new=7'],
    ['shrinking', deployment(5, 1, 0), set('new', 4, 0, 11), [set('o', 7, 7, 11)], 'o=4 new=2'],
    ['to none', deployment(0), set('new', 4, 0, 12), [set('o', 8, 8, 12)], 'o=0 new=0'],
  ];
  for (const [name, given, newSet, oldSets, want] of rows) {
    it(name, () => assert.equal(text(planScaling(given, newSet, oldSets)), want));
  }
});
