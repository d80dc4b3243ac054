import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { OwnerReference } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import { completeResource } from '../../api/resources.ts';
import { ApiError } from '../../api/status.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { GarbageCollector } from './garbage-collector.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

type Kind = 'Deployment' | 'ReplicaSet' | 'ConfigMap' | 'Node';
const apiVersions: Record<Kind, string> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  ConfigMap: 'v1',
  Node: 'v1',
};
const owner = (kind: Kind, name: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: apiVersions[kind],
  kind,
  name,
  uid: `uid-${name}`,
  blockOwnerDeletion: true,
  ...more,
});
const object = (
  kind: Kind,
  name: string,
  owners: OwnerReference[] = [],
  finalizers?: string[],
): KubeObject => ({
  apiVersion: apiVersions[kind],
  kind,
  metadata: {
    ...(kind !== 'Node' && { namespace: 'default' }),
    name,
    uid: `uid-${name}`,
    ownerReferences: owners,
    finalizers,
  },
});

async function run(...objects: KubeObject[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of objects) cluster.seed(one);
  await cluster.run(new GarbageCollector(cluster.deps));
}
const remove = (path: string, propagationPolicy = 'Background') =>
  cluster.transport.request({ method: 'DELETE', path, body: { propagationPolicy } });
const deployment = '/apis/apps/v1/namespaces/default/deployments/web';
const names = () =>
  [resources.deployments, resources.replicaSets, resources.configMaps].flatMap(resource =>
    cluster.list(resource).map(({ metadata }) => metadata.name),
  );

describe('garbage collector', () => {
  it('deletes down the chain of owners', async () => {
    await run(
      object('Deployment', 'web'),
      object('ReplicaSet', 'web-1', [owner('Deployment', 'web')]),
      object('ConfigMap', 'leaf', [owner('ReplicaSet', 'web-1')]),
      object('ConfigMap', 'free'),
    );
    await remove(deployment);
    await cluster.rest();
    assert.deepEqual(names(), ['free']);
  });

  it('deletes at its start what lost its owner before', async () => {
    await run(object('ConfigMap', 'left', [owner('Deployment', 'gone')]));
    assert.deepEqual(names(), []);
  });

  it('takes an owner of the same name and another uid for absent', async () => {
    const reborn = object('Deployment', 'web');
    await run(
      { ...reborn, metadata: { ...reborn.metadata, uid: 'new' } },
      object('ConfigMap', 'old', [owner('Deployment', 'web')]),
    );
    assert.deepEqual(names(), ['web']);
  });

  it('asks the API server before it takes an owner for absent', async () => {
    await run();
    cluster.transport.breakWatches();
    cluster.transport.fail('GET', /deployments(\?|$)/, new Error('no list now'), 50);
    cluster.seed(object('Deployment', 'web'));
    cluster.seed(object('ConfigMap', 'young', [owner('Deployment', 'web')]));
    await cluster.clock.advance(2000);
    assert.deepEqual(names(), ['web', 'young']);
  });

  it('leaves alone what names a kind nobody knows', async () => {
    await run(
      object('ConfigMap', 'odd', [owner('Deployment', 'x', { apiVersion: 'odd.io/v1', kind: 'Odd' })]),
    );
    await cluster.clock.advance(60_000);
    assert.deepEqual(names(), ['odd']);
  });

  it('tells of a cluster-wide object with an owner in a namespace and leaves it alone', async () => {
    await run(object('Node', 'n', [owner('ConfigMap', 'c')]));
    assert.equal(cluster.list(resources.nodes).length, 1);
    assert.match(cluster.recorder.events[0]!, /^Warning OwnerRefInvalidNamespace ownerRef \[v1\/ConfigMap/);
  });

  it('in the foreground: the owner stays until what blocks it is gone', async () => {
    await run(
      object('Deployment', 'web'),
      object('ReplicaSet', 'web-1', [owner('Deployment', 'web')], ['example.com/guard']),
      object('ConfigMap', 'unblocking', [owner('Deployment', 'web', { blockOwnerDeletion: false })]),
    );
    await remove(deployment, 'Foreground');
    await cluster.rest();
    assert.deepEqual(names(), ['web', 'web-1']);
    const held = cluster.get(resources.replicaSets, 'default', 'web-1')!;
    assert.ok(held.metadata.deletionTimestamp);
    cluster.seed({ ...held, metadata: { ...held.metadata, finalizers: [] } });
    await cluster.rest();
    assert.deepEqual(names(), []);
  });

  it('in the foreground: what somebody else owns too loses one reference only', async () => {
    await run(
      object('Deployment', 'web'),
      object('ReplicaSet', 'other'),
      object('ConfigMap', 'shared', [owner('Deployment', 'web'), owner('ReplicaSet', 'other')]),
    );
    await remove(deployment, 'Foreground');
    await cluster.rest();
    assert.deepEqual(names(), ['other', 'shared']);
    const shared = cluster.get(resources.configMaps, 'default', 'shared')!;
    assert.deepEqual(
      shared.metadata.ownerReferences?.map(({ name }) => name),
      ['other'],
    );
  });

  it('orphans', async () => {
    await run(
      object('Deployment', 'web'),
      object('ReplicaSet', 'web-1', [owner('Deployment', 'web')]),
      object('ConfigMap', 'leaf', [owner('ReplicaSet', 'web-1')]),
    );
    await remove(deployment, 'Orphan');
    await cluster.rest();
    assert.deepEqual(names(), ['web-1', 'leaf']);
    const orphan = cluster.get(resources.replicaSets, 'default', 'web-1')!;
    assert.deepEqual(orphan.metadata.ownerReferences, []);
  });

  it('is not blocked by a circle', async () => {
    await run(
      object('ConfigMap', 'a', [owner('ConfigMap', 'c')]),
      object('ConfigMap', 'b', [owner('ConfigMap', 'a')]),
      object('ConfigMap', 'c', [owner('ConfigMap', 'b')]),
    );
    assert.deepEqual(names(), ['a', 'b', 'c']);
    await remove('/api/v1/namespaces/default/configmaps/a', 'Foreground');
    await cluster.rest();
    assert.deepEqual(names(), []);
  });
});

describe('garbage collector with custom resources', () => {
  const group = 'stable.example.com';
  const widgets = (version: string) =>
    completeResource({ group, version, kind: 'Widget', plural: 'widgets', namespaced: true });
  const definition = (version: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}`, uid: 'uid-widgets' },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: version, served: true, storage: true }],
    },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  });
  const widget = (version: string, name: string) => ({
    apiVersion: `${group}/${version}`,
    kind: 'Widget',
    metadata: { namespace: 'default', name, uid: `uid-${name}` },
  });
  const owned = (name: string, by: string) => {
    const reference = { apiVersion: `${group}/v1`, kind: 'Widget', name: by, uid: `uid-${by}` };
    return object('ConfigMap', name, [reference]);
  };
  const asked = (version: string) =>
    cluster.transport.requests.filter(request => request.includes(`/${group}/${version}/`)).length;

  async function runWithWidgets(...objects: KubeObject[]): Promise<void> {
    cluster = new TestCluster({ resources: [widgets('v1'), widgets('v2')] });
    for (const one of [definition('v1'), ...objects]) cluster.seed(one);
    await cluster.run(new GarbageCollector(cluster.deps));
  }

  it('forgets a definition that is gone, and collects what its objects owned', async () => {
    const a = widget('v1', 'a');
    await runWithWidgets(a, owned('leaf', 'a'));
    assert.deepEqual(names(), ['leaf']);
    cluster.transport.breakWatches();
    cluster.transport.unseed(a);
    cluster.transport.unseed(definition('v1'));
    cluster.transport.fail('GET', /widgets/, new ApiError({ code: 404 }), 1000);
    await cluster.clock.advance(10_000);
    assert.deepEqual(names(), []);
    const before = asked('v1');
    await cluster.clock.advance(60_000);
    assert.equal(asked('v1'), before);
  });

  it('goes on with the version that takes the place of another', async () => {
    await runWithWidgets(widget('v1', 'a'), widget('v1', 'b'), owned('left', 'a'), owned('kept', 'b'));
    cluster.seed(definition('v2'));
    await cluster.rest();
    assert.deepEqual(names(), ['kept', 'left']);
    assert.ok(asked('v2') > 0);
    const before = asked('v1');
    cluster.transport.unseed(widget('v2', 'a'));
    await cluster.rest();
    assert.deepEqual(names(), ['kept']);
    cluster.transport.unseed(widget('v2', 'b'));
    await cluster.clock.advance(60_000);
    assert.deepEqual(names(), []);
    assert.equal(asked('v1'), before);
  });
});
