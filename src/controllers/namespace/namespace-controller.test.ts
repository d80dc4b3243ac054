import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { ConfigMap, Namespace, Pod } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { NamespaceController } from './namespace-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const namespace = (name: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});
const configMap = (name: string, finalizers?: string[]): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'shop', name, finalizers },
});
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { nodeName: 'a', containers: [] },
};
const remove = (name: string) =>
  cluster.transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
const conditions = () =>
  Object.fromEntries(
    (cluster.get<Namespace>(resources.namespaces, '', 'shop')?.status?.conditions ?? []).map(c => [
      c.type,
      `${c.status} ${c.reason}: ${c.message}`,
    ]),
  );

describe('namespace controller', () => {
  it('empties a namespace that is being deleted and lets it go; others stay as they are', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('shop'));
    cluster.seed(namespace('other'));
    cluster.seed(configMap('a'));
    cluster.seed({ ...configMap('b'), metadata: { namespace: 'other', name: 'b' } });
    await cluster.run(new NamespaceController(cluster.deps));
    await remove('shop');
    await cluster.rest();
    assert.deepEqual(
      cluster.list(resources.namespaces).map(({ metadata }) => metadata.name),
      ['other'],
    );
    assert.deepEqual(
      cluster.list(resources.configMaps).map(({ metadata }) => metadata.name),
      ['b'],
    );
  });

  it('waits for pods before it touches anything else, and says so', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('shop'));
    cluster.seed(configMap('a'));
    cluster.seed(pod);
    await cluster.run(new NamespaceController(cluster.deps));
    await remove('shop');
    await cluster.rest();
    assert.equal(cluster.list(resources.configMaps).length, 1);
    assert.equal(
      conditions().NamespaceContentRemaining,
      'True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
    );
    cluster.transport.unseed(pod);
    await cluster.rest();
    assert.equal(cluster.list(resources.namespaces).length, 0);
    assert.equal(cluster.list(resources.configMaps).length, 0);
  });

  it('names the finalizers that hold content back', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('shop'));
    cluster.seed(configMap('a', ['example.com/guard']));
    await cluster.run(new NamespaceController(cluster.deps));
    await remove('shop');
    await cluster.rest();
    assert.deepEqual(conditions(), {
      NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered: All resources successfully discovered',
      NamespaceDeletionGroupVersionParsingFailure:
        'False ParsedGroupVersions: All legacy kube types successfully parsed',
      NamespaceDeletionContentFailure:
        'False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      NamespaceContentRemaining:
        'True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
      NamespaceFinalizersRemaining:
        'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances',
    });
    const held = cluster.get<ConfigMap>(resources.configMaps, 'shop', 'a')!;
    cluster.seed({ ...held, metadata: { ...held.metadata, finalizers: [] } });
    await cluster.clock.advance(10_000);
    assert.equal(cluster.list(resources.namespaces).length, 0);
  });

  it('goes on after failures', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('shop'));
    cluster.seed(configMap('a'));
    await cluster.run(new NamespaceController(cluster.deps));
    cluster.transport.fail('DELETE', /configmaps/, new Error('the disk is full'), 5);
    await remove('shop');
    await cluster.rest();
    assert.match(
      conditions().NamespaceDeletionContentFailure!,
      /^True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: the disk is full$/,
    );
    await cluster.clock.advance(10_000);
    assert.equal(cluster.list(resources.namespaces).length, 0);
  });
});
