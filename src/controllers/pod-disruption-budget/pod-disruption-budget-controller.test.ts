import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type {
  Pod,
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  ReplicaSet,
} from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { PodDisruptionBudgetController } from './pod-disruption-budget-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const labels = { app: 'web' };
const set: ReplicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { namespace: 'default', name: 'web', uid: 'rs' },
  spec: { replicas: 4, selector: { matchLabels: labels } },
};
const pod = (name: string, ready: boolean): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace: 'default',
    name,
    labels,
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true },
    ],
  },
  spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const stored = () => cluster.get<PodDisruptionBudget>(resources.podDisruptionBudgets, 'default', 'web')!;
const counts = () => {
  const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = stored().status!;
  return [currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed];
};

describe('pod disruption budget', () => {
  const rows: [string, PodDisruptionBudgetSpec, number[]][] = [
    ['a number that must stay', { minAvailable: 2 }, [3, 2, 4, 1]],
    ['a part that must stay', { minAvailable: '50%' }, [3, 2, 4, 1]],
    ['a number that may go', { maxUnavailable: 1 }, [3, 3, 4, 0]],
    ['a part that may go', { maxUnavailable: '50%' }, [3, 2, 4, 1]],
    ['all must stay', { minAvailable: '100%' }, [3, 4, 4, 0]],
  ];
  for (const [name, spec, want] of rows) {
    it(name, async () => {
      cluster = new TestCluster();
      cluster.seed(set);
      for (const one of [pod('a', true), pod('b', true), pod('c', true), pod('d', false)]) cluster.seed(one);
      cluster.seed<PodDisruptionBudget>({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { namespace: 'default', name: 'web' },
        spec: { selector: { matchLabels: labels }, ...spec },
      });
      await cluster.run(new PodDisruptionBudgetController(cluster.deps));
      assert.deepEqual(counts(), want);
      const [condition] = stored().status!.conditions!;
      assert.equal(condition?.reason, want[3]! > 0 ? 'SufficientPods' : 'InsufficientPods');
      cluster.transport.unseed(pod('a', true));
      await cluster.rest();
      assert.equal(stored().status!.currentHealthy, 2);
    });
  }
});
