import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolumeClaim, PodSpec } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { findNode } from './find-node.ts';
import { fitMessage } from './fit-error.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import type { Snapshot } from './snapshot.ts';
import { testInfo, testNode, testPod, testSnapshot } from './test-objects.ts';

const zoned = (name: string, zone: string) =>
  testNode(name, { labels: { 'topology.kubernetes.io/zone': zone } });
const on = (name: string, nodeName: string, given: Parameters<typeof testPod>[1] = {}) =>
  testPod(name, { ...given, spec: { ...given.spec, nodeName } });
const web = { matchLabels: { app: 'web' } };
const affinity = (kind: 'podAffinity' | 'podAntiAffinity', topologyKey: string): Partial<PodSpec> => ({
  affinity: {
    [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: web }] },
  },
});
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const spread = (topologyKey: string, maxSkew = 1): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    { topologyKey, maxSkew, whenUnsatisfiable: 'DoNotSchedule', labelSelector: web },
  ],
});
const claim = (status: string, volumeName?: string) =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default', uid: 'c', resourceVersion: '1' },
    spec: { volumeName },
    status: { phase: status },
  }) as Stored<PersistentVolumeClaim>;
const withClaim: Partial<PodSpec> = {
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
};

const exclusive = (): Stored<PersistentVolumeClaim> => {
  const bound = claim('Bound', 'pv');
  return { ...bound, spec: { ...bound.spec, accessModes: ['ReadWriteOncePod'] } };
};

interface Row {
  name: string;
  pod: ReturnType<typeof testInfo>;
  snapshot: Snapshot;
  /** The node, or the message. */
  want: string | RegExp;
}

const two = [testNode('a'), testNode('b')];
const rows: Row[] = [
  {
    name: 'the emptier node wins',
    pod: testInfo('p', { cpu: '500m' }),
    snapshot: testSnapshot(two, [on('x', 'a', { cpu: '1' })]),
    want: 'b',
  },
  {
    name: 'reasons are counted per node and sorted as text',
    pod: testInfo('p', { cpu: '1500m' }),
    snapshot: testSnapshot(
      [testNode('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } }), testNode('b')],
      [on('x', 'b', { cpu: '1' })],
    ),
    want: '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s).',
  },
  {
    name: 'a toleration lets it on',
    pod: testInfo('p', { spec: { tolerations: [{ key: 'k', operator: 'Exists' }] } }),
    snapshot: testSnapshot([testNode('a', { spec: { taints: [{ key: 'k', effect: 'NoExecute' }] } })]),
    want: 'a',
  },
  {
    name: 'a soft taint is avoided',
    pod: testInfo('p'),
    snapshot: testSnapshot([
      testNode('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }),
      testNode('b'),
    ]),
    want: 'b',
  },
  {
    name: 'a cordoned node',
    pod: testInfo('p'),
    snapshot: testSnapshot([testNode('a', { spec: { unschedulable: true } })]),
    want: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
  {
    name: 'node selector',
    pod: testInfo('p', { spec: { nodeSelector: { disk: 'ssd' } } }),
    snapshot: testSnapshot(two),
    want: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  },
  {
    name: 'a node pinned by name that is not there',
    pod: testInfo('p', {
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gone'] }] },
              ],
            },
          },
        },
      },
    }),
    snapshot: testSnapshot(two),
    want: "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
  },
  {
    name: 'a host port that is taken',
    pod: testInfo('p', {
      spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] },
    }),
    snapshot: testSnapshot(
      [testNode('a')],
      [on('x', 'a', { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] } })],
    ),
    want: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  {
    name: 'too many pods, and too little of two resources',
    pod: testInfo('p', {
      spec: { containers: [{ name: 'c', resources: { requests: { cpu: '3', 'example.com/gpu': '1' } } }] },
    }),
    snapshot: testSnapshot([testNode('a', { status: { allocatable: { cpu: '1', pods: '0' } } })]),
    want: '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Too many pods.',
  },
  {
    name: 'anti-affinity',
    pod: testInfo('p', { labels: { app: 'web' }, spec: affinity('podAntiAffinity', hostname) }),
    snapshot: testSnapshot([testNode('a')], [on('x', 'a', { labels: { app: 'web' } })]),
    want: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
  },
  {
    name: 'the anti-affinity of a pod that is there',
    pod: testInfo('p', { labels: { app: 'web' } }),
    snapshot: testSnapshot([testNode('a')], [on('x', 'a', { spec: affinity('podAntiAffinity', hostname) })]),
    want: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  {
    name: 'affinity follows the pod it wants',
    pod: testInfo('p', { spec: affinity('podAffinity', zone) }),
    snapshot: testSnapshot(
      [zoned('a', 'z1'), zoned('b', 'z2')],
      [on('x', 'b', { labels: { app: 'web' } }), on('y', 'b'), on('z', 'b')],
    ),
    want: 'b',
  },
  {
    name: 'affinity nobody meets',
    pod: testInfo('p', { spec: affinity('podAffinity', hostname) }),
    snapshot: testSnapshot(two),
    want: "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
  },
  {
    name: 'the first of a group that wants its own kind',
    pod: testInfo('p', { labels: { app: 'web' }, spec: affinity('podAffinity', hostname) }),
    snapshot: testSnapshot([testNode('a')]),
    want: 'a',
  },
  {
    name: 'spread over nodes',
    pod: testInfo('p', { labels: { app: 'web' }, spec: spread(hostname) }),
    snapshot: testSnapshot(two, [on('x', 'a', { labels: { app: 'web' } })]),
    want: 'b',
  },
  {
    name: 'spread over a key the node lacks',
    pod: testInfo('p', { labels: { app: 'web' }, spec: spread(zone) }),
    snapshot: testSnapshot([testNode('a')]),
    want: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
  },
  {
    name: 'spread with the other domain full',
    pod: testInfo('p', { cpu: '1', labels: { app: 'web' }, spec: spread(hostname) }),
    snapshot: testSnapshot(two, [on('x', 'a', { labels: { app: 'web' } }), on('y', 'b', { cpu: '1500m' })]),
    want: "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints.",
  },
  {
    name: 'pods of one workload spread by default',
    pod: testInfo('p', { labels: { app: 'web' } }),
    snapshot: testSnapshot(
      two,
      [on('x', 'a', { labels: { app: 'web' } }), on('y', 'b', { labels: { app: 'other' } })],
      { workloadSelector: () => web },
    ),
    want: 'b',
  },
  {
    name: 'a claim that is not there',
    pod: testInfo('p', { spec: withClaim }),
    snapshot: testSnapshot(two),
    want: '0/2 nodes are available: persistentvolumeclaim "data" not found.',
  },
  {
    name: 'a claim without a volume',
    pod: testInfo('p', { spec: withClaim }),
    snapshot: testSnapshot(two, [], { claim: () => claim('Pending') }),
    want: '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
  },
  {
    name: 'a claim for one pod that another has, wherever that is',
    pod: testInfo('p', { spec: withClaim }),
    snapshot: testSnapshot(two, [on('x', 'a', { spec: withClaim })], { claim: exclusive }),
    want: '0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
  },
  {
    name: 'a claim for one pod that nobody has: the other pod is of another namespace',
    pod: testInfo('p', { spec: withClaim }),
    snapshot: testSnapshot([testNode('a')], [on('x', 'a', { namespace: 'other', spec: withClaim })], {
      claim: exclusive,
    }),
    want: 'a',
  },
  {
    name: 'a bound claim',
    pod: testInfo('p', { spec: withClaim }),
    snapshot: testSnapshot([testNode('a')], [], { claim: () => claim('Bound', 'pv') }),
    want: 'a',
  },
];

describe('finding a node', () => {
  for (const { name, pod, snapshot, want } of rows) {
    it(name, () => {
      const result = findNode(pod, snapshot, defaultPlugins, { random: () => 0 });
      const got = result.node ? result.node.name : fitMessage(result.diagnosis);
      assert.equal(got, want);
    });
  }

  it('keeps the room that victims make for a more important pod', () => {
    const snapshot = testSnapshot([testNode('a')]);
    const promised = testInfo('vip', { cpu: '1500m', spec: { priority: 10 } });
    const nominations = new Map([['a', [promised]]]);
    const lesser = findNode(testInfo('p', { cpu: '1' }), snapshot, defaultPlugins, { nominations });
    assert.equal(lesser.node, undefined);
    const greater = testInfo('q', { cpu: '1', spec: { priority: 20 } });
    assert.equal(findNode(greater, snapshot, defaultPlugins, { nominations }).node?.name, 'a');
  });
});
