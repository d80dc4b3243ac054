import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Lease, Node, Pod } from '../../api/generated/types.ts';
import { formatMicroTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { NodeLifecycleController } from './node-lifecycle-controller.ts';
import { disruptionOf } from './node-taints.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const node = (name: string, ready?: string, more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  status: ready ? { conditions: [{ type: 'Ready', status: ready, reason: 'KubeletReady' }] } : {},
  ...more,
});
const lease = (name: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'kube-node-lease', name },
  spec: { renewTime: formatMicroTime(cluster.clock.now()) },
});
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'web' },
  spec: { nodeName: 'a', containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};
async function run(...objects: (Node | Pod)[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of objects) cluster.seed(one);
  await cluster.run(new NodeLifecycleController(cluster.deps));
}
const stored = (name: string) => cluster.get<Node>(resources.nodes, '', name)!;
const taints = (name: string) =>
  (stored(name).spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`);
const ready = (name: string) => stored(name).status?.conditions?.find(({ type }) => type === 'Ready');

describe('node lifecycle', () => {
  it('takes a node whose lease is not renewed for Unknown, taints it and marks its pods', async () => {
    await run(node('a', 'True'), node('b', 'True'), pod);
    for (let elapsed = 0; elapsed < 39_000; elapsed += 3000) {
      cluster.seed(lease('b'));
      await cluster.clock.advance(3000);
    }
    assert.equal(ready('a')?.status, 'True');
    cluster.seed(lease('b'));
    await cluster.clock.advance(3000);
    assert.equal(ready('a')?.status, 'Unknown');
    assert.equal(ready('a')?.message, 'Kubelet stopped posting node status.');
    assert.deepEqual(taints('a'), ['unreachable:NoSchedule', 'unreachable:NoExecute']);
    assert.equal(ready('b')?.status, 'True');
    assert.deepEqual(taints('b'), []);
    const marked = cluster.get<Pod>(resources.pods, 'default', 'web');
    assert.equal(marked?.status?.conditions?.[0]?.status, 'False');
    assert.deepEqual(cluster.recorder.events.slice(2), [
      'Normal NodeNotReady Node a status is now: NodeNotReady',
      'Warning NodeNotReady Node is not ready',
    ]);
  });

  it('takes the taints off when the node is back', async () => {
    await run(node('a', 'True'), node('b', 'False'));
    assert.deepEqual(taints('b'), ['not-ready:NoSchedule', 'not-ready:NoExecute']);
    cluster.seed({ ...stored('b'), status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    await cluster.rest();
    assert.deepEqual(taints('b'), []);
  });

  it('drives nothing off while no node is ready', async () => {
    await run(node('a', 'False'), node('b', 'False'));
    assert.deepEqual(taints('a'), ['not-ready:NoSchedule']);
    cluster.seed({ ...stored('a'), status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    await cluster.rest();
    assert.deepEqual(taints('b'), ['not-ready:NoSchedule', 'not-ready:NoExecute']);
  });

  it('follows cordon and pressure, and leaves taints of others', async () => {
    const others = [{ key: 'x/mine', effect: 'NoSchedule' }];
    await run(node('a', 'True', { spec: { taints: others, unschedulable: true } }));
    assert.deepEqual(taints('a'), ['mine:NoSchedule', 'unschedulable:NoSchedule']);
    cluster.seed({
      ...stored('a'),
      spec: { taints: stored('a').spec?.taints },
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'DiskPressure', status: 'True' },
        ],
      },
    });
    await cluster.rest();
    assert.deepEqual(taints('a'), ['mine:NoSchedule', 'disk-pressure:NoSchedule']);
  });

  it('says of a node that never came up that it never did', async () => {
    await run(node('a'));
    await cluster.clock.advance(59_000);
    assert.equal(ready('a'), undefined);
    await cluster.clock.advance(2000);
    assert.equal(ready('a')?.reason, 'NodeStatusNeverUpdated');
  });

  it('tells of nodes that come and go', async () => {
    await run(node('a', 'True'));
    cluster.transport.unseed(stored('a'));
    await cluster.rest();
    assert.deepEqual(cluster.recorder.events, [
      'Normal RegisteredNode Node a event: Registered Node a in Controller',
      'Normal RemovingNode Node a event: Removing Node a from Controller',
    ]);
  });
});

const rows: [number, number, string][] = [
  [0, 0, 'evict'],
  [2, 1, 'evict'],
  [1, 1, 'calm'],
  [4, 2, 'evict'],
  [5, 3, 'hold'],
  [3, 3, 'calm'],
];
for (const [total, notReady, want] of rows) {
  it(`${notReady} of ${total} nodes not ready: ${want}`, () => {
    assert.equal(disruptionOf({ total, notReady }), want);
  });
}
