import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Service, ServiceSpec } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { AddressPool } from './address-pool.ts';
import { LoadBalancerController } from './load-balancer-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster?.stop());

const service = (name: string, spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
});
async function run(pool: string[], ...services: Service[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of services) cluster.seed(one);
  await cluster.run(new LoadBalancerController(cluster.deps, { pool }));
}
const stored = (name: string) => cluster.get<Service>(resources.services, 'default', name);
const address = (name: string) =>
  stored(name)
    ?.status?.loadBalancer?.ingress?.map(({ ip }) => ip)
    .join();
const remove = async (name: string) => {
  await cluster.transport.request({ method: 'DELETE', path: `/api/v1/namespaces/default/services/${name}` });
  await cluster.rest();
};

describe('load balancer controller', () => {
  it('gives an address, protects it and gives it back', async () => {
    await run(['172.30.0.200-172.30.0.201'], service('a'));
    assert.deepEqual(stored('a')?.status?.loadBalancer?.ingress, [{ ip: '172.30.0.200', ipMode: 'VIP' }]);
    assert.deepEqual(stored('a')?.metadata.finalizers, ['service.kubernetes.io/load-balancer-cleanup']);
    await remove('a');
    assert.equal(stored('a'), undefined);
    cluster.seed(service('b'));
    await cluster.rest();
    assert.equal(address('b'), '172.30.0.200');
    assert.deepEqual(cluster.recorder.events, [
      'Normal EnsuredLoadBalancer Ensured load balancer',
      'Normal DeletingLoadBalancer Deleting load balancer',
      'Normal DeletedLoadBalancer Deleted load balancer',
      'Normal EnsuredLoadBalancer Ensured load balancer',
    ]);
  });

  it('keeps addresses over a restart', async () => {
    const old = {
      ...service('b'),
      status: { loadBalancer: { ingress: [{ ip: '172.30.0.200', ipMode: 'VIP' }] } },
    };
    await run(['172.30.0.200-172.30.0.210'], service('a'), old);
    assert.equal(address('a'), '172.30.0.201');
    assert.equal(address('b'), '172.30.0.200');
  });

  it('tells once that the pool is empty, and goes on when an address comes free', async () => {
    await run(['172.30.0.200-172.30.0.200'], service('a'), service('b'));
    assert.equal(address('b'), undefined);
    const told = cluster.recorder.events.filter(text => text.startsWith('Warning'));
    assert.deepEqual(told, [
      'Warning SyncLoadBalancerFailed Error syncing load balancer: failed to ensure load balancer: no IPv4 address is left in the pool of load-balancer addresses',
    ]);
    await remove('a');
    assert.equal(address('b'), '172.30.0.200');
  });

  it('gives the address a Service asks for, if it can', async () => {
    await run(['172.30.0.200/29'], service('a', { loadBalancerIP: '172.30.0.203' }));
    assert.equal(address('a'), '172.30.0.203');
    cluster.seed(service('b', { loadBalancerIP: '172.30.0.203' }));
    cluster.seed(service('c', { loadBalancerIP: '172.30.1.1' }));
    await cluster.rest();
    assert.match(
      cluster.recorder.events[1]!,
      /172.30.0.203 can't be given: it is in use by Service default\/a/,
    );
    assert.match(cluster.recorder.events[2]!, /172.30.1.1 can't be given: it is not in the pool/);
  });

  it('takes the address away when the Service is no load balancer any more', async () => {
    await run(['172.30.0.200/29'], service('a'));
    cluster.seed({ ...stored('a')!, spec: { ...stored('a')!.spec, type: 'ClusterIP' } });
    await cluster.rest();
    assert.equal(address('a'), undefined);
    assert.deepEqual(stored('a')?.metadata.finalizers, []);
  });

  it('leaves other classes alone', async () => {
    await run(['172.30.0.200/29'], service('a', { loadBalancerClass: 'example.com/other' }));
    assert.equal(address('a'), undefined);
    assert.deepEqual(stored('a')?.metadata.finalizers ?? [], []);
  });

  it('gives one of each family', async () => {
    await run(['172.30.0.200/29', 'fd00:30::10-fd00:30::1f'], service('a', { ipFamilies: ['IPv6', 'IPv4'] }));
    assert.equal(address('a'), 'fd00:30::10,172.30.0.201');
  });

  it('refuses a pool that is none', () => {
    assert.throws(() => new AddressPool(['172.30.0']), /172.30.0 is no range of addresses/);
  });
});
