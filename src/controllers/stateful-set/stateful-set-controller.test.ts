import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Pod, StatefulSet, StatefulSetSpec } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { StatefulSetController } from './stateful-set-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const labels = { app: 'db' };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } });
const statefulSet = (spec: Partial<StatefulSetSpec> = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { namespace: 'default', name: 'db' },
  spec: {
    replicas: 3,
    serviceName: 'db',
    selector: { matchLabels: labels },
    template: template('v1'),
    ...spec,
  },
});
async function run(spec: Partial<StatefulSetSpec> = {}): Promise<void> {
  cluster = new TestCluster();
  cluster.seed(statefulSet(spec));
  await cluster.run(new StatefulSetController(cluster.deps));
}
const set = () => cluster.get<StatefulSet>(resources.statefulSets, 'default', 'db')!;
const pods = () => cluster.list<Pod>(resources.pods, 'default');
const text = () =>
  pods()
    .map(({ metadata, spec }) => `${metadata.name}:${spec?.containers[0]?.image}`)
    .join(' ');
const edit = async (spec: Partial<StatefulSetSpec>) => {
  cluster.seed({ ...set(), spec: { ...set().spec!, ...spec } });
  await cluster.rest();
};
const settle = async () => {
  for (let round = 0; round < 12; round++) await cluster.playAgents();
};

describe('stateful set controller', () => {
  it('starts pods in order, each with its identity', async () => {
    await run();
    assert.equal(text(), 'db-0:v1');
    await cluster.playAgents();
    assert.equal(text(), 'db-0:v1 db-1:v1');
    await settle();
    const [first] = pods();
    assert.equal(first?.spec?.hostname, 'db-0');
    assert.equal(first?.spec?.subdomain, 'db');
    assert.equal(first?.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-0');
    assert.equal(first?.metadata.labels?.['apps.kubernetes.io/pod-index'], '0');
    assert.equal(first?.metadata.labels?.['controller-revision-hash'], set().status?.updateRevision);
    const { currentRevision, updateRevision, ...counts } = set().status!;
    assert.equal(currentRevision, updateRevision);
    assert.deepEqual(counts, {
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      observedGeneration: 1,
      collisionCount: 0,
    });
    assert.equal(
      cluster.recorder.events[0],
      'Normal SuccessfulCreate create Pod db-0 in StatefulSet db successful',
    );
  });

  it('shrinks from the top, one at a time', async () => {
    await run();
    await settle();
    await edit({ replicas: 1 });
    assert.equal(pods().filter(({ metadata }) => metadata.deletionTimestamp).length, 1);
    await settle();
    assert.equal(text(), 'db-0:v1');
  });

  it('starts and ends all at once when Parallel', async () => {
    await run({ podManagementPolicy: 'Parallel' });
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:v1');
    await edit({ replicas: 0 });
    await settle();
    assert.equal(text(), '');
  });

  it('updates from the top, one at a time, and rolls back', async () => {
    await run();
    await settle();
    const before = set().status?.currentRevision;
    await edit({ template: template('v2') });
    assert.deepEqual(
      pods()
        .filter(({ metadata }) => metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name),
      ['db-2'],
    );
    await settle();
    assert.equal(text(), 'db-0:v2 db-1:v2 db-2:v2');
    await edit({ template: template('v1') });
    await settle();
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:v1');
    assert.equal(set().status?.currentRevision, before);
    assert.equal(cluster.list(resources.controllerRevisions).length, 2);
  });

  it('leaves what is below the partition, also when such a pod comes back', async () => {
    await run();
    await settle();
    await edit({
      template: template('v2'),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
    });
    await settle();
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:v2');
    cluster.transport.unseed(pods()[0]!);
    await cluster.rest();
    await settle();
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:v2');
  });

  it('waits for an unhealthy pod', async () => {
    await run();
    await settle();
    await edit({ template: template('bad') });
    for (let round = 0; round < 6; round++) {
      await cluster.playAgents(pod => pod.spec?.containers[0]?.image !== 'bad');
    }
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:bad');
  });

  it('replaces a failed pod', async () => {
    await run();
    await settle();
    await cluster.change<Pod>(resources.pods, 'default', 'db-1', pod => ({
      ...pod,
      status: { phase: 'Failed' },
    }));
    await settle();
    assert.equal(text(), 'db-0:v1 db-1:v1 db-2:v1');
    assert.equal(
      pods().every(({ status }) => status?.phase === 'Running'),
      true,
    );
    assert.ok(
      cluster.recorder.events.includes(
        'Warning RecreatingFailedPod StatefulSet default/db is recreating failed Pod db-1',
      ),
    );
  });

  it('makes a claim for each pod', async () => {
    await run({
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
    });
    await settle();
    const claims = cluster.list(resources.persistentVolumeClaims).map(({ metadata }) => metadata.name);
    assert.deepEqual(claims, ['data-db-0', 'data-db-1', 'data-db-2']);
    assert.deepEqual(pods()[0]?.spec?.volumes, [
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
    ]);
  });
});
