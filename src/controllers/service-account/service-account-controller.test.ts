import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Namespace } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { ServiceAccountController } from './service-account-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const namespace = (name: string, phase = 'Active'): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
  status: { phase },
});
const accounts = () =>
  cluster.list(resources.serviceAccounts).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

describe('service account controller', () => {
  it('gives every active namespace the account default, again when it is deleted', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('a'));
    cluster.seed(namespace('going', 'Terminating'));
    await cluster.run(new ServiceAccountController(cluster.deps));
    assert.deepEqual(accounts(), ['a/default']);
    cluster.seed(namespace('b'));
    await cluster.rest();
    assert.deepEqual(accounts(), ['a/default', 'b/default']);
    cluster.transport.unseed(cluster.get(resources.serviceAccounts, 'a', 'default')!);
    await cluster.rest();
    assert.deepEqual(accounts(), ['a/default', 'b/default']);
  });

  it('tries again when the API server refuses for now', async () => {
    cluster = new TestCluster();
    cluster.seed(namespace('a'));
    cluster.transport.fail(
      'POST',
      /serviceaccounts/,
      forbidden({ resource: 'serviceaccounts' }, '', 'not yet'),
      3,
    );
    await cluster.run(new ServiceAccountController(cluster.deps));
    await cluster.clock.advance(1000);
    assert.deepEqual(accounts(), ['a/default']);
  });
});
