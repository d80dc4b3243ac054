import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Pod, ReplicaSet } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import { formatTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { ReplicaSetController } from './replica-set-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const labels = { app: 'web' };
const replicaSet = (replicas: number, more: Partial<ReplicaSet['spec']> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { namespace: 'default', name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    ...more,
  },
});
const pods = () => cluster.list<Pod>(resources.pods, 'default');
const set = () => cluster.get<ReplicaSet>(resources.replicaSets, 'default', 'web')!;
const makeReady = (name: string) =>
  cluster.change<Pod>(resources.pods, 'default', name, pod => ({
    ...pod,
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.clock.now()) }],
    },
  }));
const scale = async (replicas: number) => {
  cluster.seed({ ...set(), spec: { ...set().spec!, replicas } });
  await cluster.rest();
};
async function run(...objects: (ReplicaSet | Pod)[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of objects) cluster.seed(one);
  await cluster.run(new ReplicaSetController(cluster.deps));
}

describe('replica set controller', () => {
  it('creates pods of the template and reports them', async () => {
    await run(replicaSet(3));
    assert.equal(pods().length, 3);
    for (const { metadata } of pods()) {
      assert.match(metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      assert.equal(metadata.generateName, 'web-');
      assert.equal(metadata.ownerReferences?.[0]?.uid, set().metadata.uid);
      assert.deepEqual(metadata.labels, labels);
    }
    for (const { metadata } of pods()) await makeReady(metadata.name);
    assert.deepEqual(set().status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
      conditions: [],
    });
    assert.equal(cluster.recorder.events.length, 3);
    assert.match(cluster.recorder.events[0]!, /^Normal SuccessfulCreate Created pod: web-/);
  });

  it('never creates twice while its view is behind', async () => {
    await run();
    cluster.transport.fail('GET', /\/pods\?.*watch/, new Error('no watch'), 3);
    cluster.transport.breakWatches();
    cluster.seed(replicaSet(2));
    await cluster.clock.advance(5000);
    assert.equal(pods().length, 2);
    cluster.seed({ ...set(), metadata: { ...set().metadata, annotations: { touched: 'yes' } } });
    await cluster.clock.advance(60_000);
    assert.equal(pods().length, 2);
  });

  it('looks up a create whose answer was lost', async () => {
    await run();
    const { transport } = cluster;
    const request = transport.request.bind(transport);
    let lost = 0;
    transport.request = async ask => {
      const answer = await request(ask);
      if (ask.method === 'POST' && lost++ === 0) throw new Error('connection reset');
      return answer as never;
    };
    cluster.transport.breakWatches();
    cluster.seed(replicaSet(1));
    await cluster.clock.advance(10_000);
    assert.equal(pods().length, 1);
  });

  it('deletes pods without a node first, then those not ready', async () => {
    await run(replicaSet(3));
    const [a, b, c] = pods();
    for (const pod of [a!, b!]) {
      await cluster.change<Pod>(resources.pods, 'default', pod.metadata.name, one => ({
        ...one,
        spec: { ...one.spec!, nodeName: 'n', terminationGracePeriodSeconds: 0 },
      }));
    }
    await makeReady(b!.metadata.name);
    await scale(2);
    assert.deepEqual(
      pods().map(({ metadata }) => metadata.name),
      [a!, b!].map(({ metadata }) => metadata.name).sort(),
    );
    await scale(1);
    assert.deepEqual(
      pods().map(({ metadata }) => metadata.name),
      [b!.metadata.name],
    );
    assert.ok(cluster.recorder.events.includes(`Normal SuccessfulDelete Deleted pod: ${c!.metadata.name}`));
  });

  it('replaces pods that are finished or being deleted', async () => {
    await run(replicaSet(1));
    const [first] = pods();
    await cluster.change<Pod>(resources.pods, 'default', first!.metadata.name, pod => ({
      ...pod,
      status: { phase: 'Failed' },
    }));
    assert.equal(pods().length, 2);
    assert.equal(set().status?.replicas, 1);
  });

  it('adopts strays that match and releases pods that no longer do', async () => {
    const stray: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name: 'stray', labels },
      spec: { containers: [] },
      status: { phase: 'Running' },
    };
    await run(stray, replicaSet(1));
    assert.equal(pods().length, 1);
    assert.equal(pods()[0]!.metadata.ownerReferences?.[0]?.name, 'web');
    await cluster.change<Pod>(resources.pods, 'default', 'stray', pod => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'other' } },
    }));
    assert.equal(pods().length, 2);
    const released = cluster.get<Pod>(resources.pods, 'default', 'stray');
    assert.deepEqual(released?.metadata.ownerReferences ?? [], []);
  });

  it('shows a failure as condition and event, and recovers', async () => {
    cluster = new TestCluster();
    cluster.seed(replicaSet(3));
    const error = forbidden({ resource: 'pods' }, 'web-x', 'exceeded quota: compute');
    cluster.transport.fail('POST', /pods/, error, 10);
    await cluster.run(new ReplicaSetController(cluster.deps));
    const [condition] = set().status?.conditions ?? [];
    assert.equal(condition?.type, 'ReplicaFailure');
    assert.equal(condition?.reason, 'FailedCreate');
    assert.match(condition?.message ?? '', /exceeded quota/);
    // One try a pass, not three: the others would fail as well.
    assert.equal(cluster.transport.requests.filter(text => text.startsWith('POST')).length < 10, true);
    await cluster.clock.advance(120_000);
    assert.equal(pods().length, 3);
    assert.deepEqual(set().status?.conditions, []);
  });

  it('counts pods as available after minReadySeconds', async () => {
    await run(replicaSet(1, { minReadySeconds: 10 }));
    await makeReady(pods()[0]!.metadata.name);
    assert.equal(set().status?.readyReplicas, 1);
    assert.equal(set().status?.availableReplicas, 0);
    await cluster.clock.advance(11_000);
    assert.equal(set().status?.availableReplicas, 1);
  });
});
