import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { ConfigMap, Namespace } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { RootCaPublisher } from './root-ca-publisher.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const namespace: Namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'a' },
  status: { phase: 'Active' },
};
const published = () => cluster.get<ConfigMap>(resources.configMaps, 'a', 'kube-root-ca.crt');

it('publishes the authority in every namespace and mends what others change', async () => {
  cluster = new TestCluster();
  cluster.seed(namespace);
  await cluster.run(new RootCaPublisher(cluster.deps, { caBundle: 'PEM' }));
  assert.deepEqual(published()?.data, { 'ca.crt': 'PEM' });
  assert.match(
    published()?.metadata.annotations?.['kubernetes.io/description'] ?? '',
    /^Contains a CA bundle/,
  );

  cluster.seed({ ...published()!, data: { 'ca.crt': 'other', more: '1' } });
  await cluster.rest();
  assert.deepEqual(published()?.data, { 'ca.crt': 'PEM' });

  cluster.transport.unseed(published()!);
  await cluster.rest();
  assert.deepEqual(published()?.data, { 'ca.crt': 'PEM' });
});
