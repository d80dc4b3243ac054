import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { findNode } from './find-node.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import { findPreemption } from './preemption.ts';
import type { Snapshot } from './snapshot.ts';
import { testInfo, testNode, testPod, testSnapshot } from './test-objects.ts';

const on = (name: string, nodeName: string, cpu: string, priority = 0, labels = {}) =>
  testPod(name, { cpu, labels, spec: { nodeName, priority } });
const budget: Stored<PodDisruptionBudget> = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { namespace: 'default', name: 'b', uid: 'b', resourceVersion: '1' },
  spec: { selector: { matchLabels: { guarded: 'yes' } } },
  status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
};

function preempt(pod: ReturnType<typeof testInfo>, snapshot: Snapshot): string {
  const placement = findNode(pod, snapshot, defaultPlugins);
  assert.ok(!placement.node);
  const result = findPreemption(pod, snapshot, defaultPlugins, placement.diagnosis, [budget]);
  if (!result.preemption) return result.message;
  const { node, victims } = result.preemption;
  return `${node.name}: ${victims.map(victim => victim.pod.metadata.name).join(' ')}`;
}

const exclusive = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
const exclusiveClaim: Stored<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    namespace: 'default',
    name: 'data',
    uid: 'c',
    resourceVersion: '1',
    annotations: { 'pv.kubernetes.io/bind-completed': 'yes' },
  },
  spec: { volumeName: 'pv', accessModes: ['ReadWriteOncePod'] },
  status: { phase: 'Bound' },
};
const anyVolume: Stored<PersistentVolume> = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv', uid: 'v', resourceVersion: '1' },
  spec: {},
};
const vip = (cpu: string, more = {}) => testInfo('vip', { cpu, spec: { priority: 100, ...more } });
const two = [testNode('a'), testNode('b')];

const rows: { name: string; pod: ReturnType<typeof testInfo>; snapshot: Snapshot; want: string }[] = [
  {
    name: 'the least important pods go, and only as many as must',
    pod: vip('1'),
    snapshot: testSnapshot(two, [on('x', 'a', '1500m', 50), on('y', 'b', '1'), on('z', 'b', '1', 5)]),
    want: 'b: y',
  },
  {
    name: 'a budget is respected where another choice is left',
    pod: vip('1'),
    snapshot: testSnapshot(two, [on('x', 'a', '1500m', 0, { guarded: 'yes' }), on('y', 'b', '1500m', 50)]),
    want: 'b: y',
  },
  {
    name: 'the one pod that has a claim for one pod, on its node only',
    pod: vip('1', { volumes: [exclusive] }),
    snapshot: testSnapshot(
      two,
      [
        testPod('x', { cpu: '100m', spec: { nodeName: 'b', priority: 5, volumes: [exclusive] } }),
        on('y', 'a', '100m'),
      ],
      { claim: () => exclusiveClaim, volume: () => anyVolume },
    ),
    want: 'b: x',
  },
  {
    name: 'nobody less important',
    pod: testInfo('p', { cpu: '1' }),
    snapshot: testSnapshot(two, [on('x', 'a', '1500m'), on('y', 'b', '1500m')]),
    want: 'preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
  },
  {
    name: 'more than the nodes have',
    pod: vip('3'),
    snapshot: testSnapshot(two, [on('x', 'a', '1')]),
    want: 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
  },
  {
    name: 'a pod that preempts nobody',
    pod: vip('1', { preemptionPolicy: 'Never' }),
    snapshot: testSnapshot([testNode('a')], [on('x', 'a', '1500m')]),
    want: 'preemption: not eligible due to preemptionPolicy=Never.',
  },
];

describe('preemption', () => {
  for (const { name, pod, snapshot, want } of rows) {
    it(name, () => assert.equal(preempt(pod, snapshot), want));
  }
});
