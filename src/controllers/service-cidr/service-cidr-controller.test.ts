import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { IPAddress, ServiceCIDR } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { protectionFinalizer, ServiceCidrController } from './service-cidr-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const cidr = (name: string, ...cidrs: string[]): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs },
});
const address = (name: string): IPAddress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name },
  spec: { parentRef: { resource: 'services', namespace: 'default', name: 'a' } },
});
async function run(...objects: (ServiceCIDR | IPAddress)[]): Promise<void> {
  cluster = new TestCluster();
  for (const object of objects) cluster.seed(object);
  await cluster.run(new ServiceCidrController(cluster.deps));
}
const stored = (name: string) => cluster.get<ServiceCIDR>(resources.serviceCidrs, '', name);
const condition = (name: string) => {
  const { type, status, reason } = stored(name)!.status!.conditions![0]!;
  return `${type}=${status} ${reason}`.trim();
};
async function remove(name: string): Promise<void> {
  const path = `/apis/networking.k8s.io/v1/servicecidrs/${name}`;
  await cluster.transport.request({ method: 'DELETE', path });
  await cluster.rest();
}
const pass = (ms: number) => cluster.clock.advance(ms).then(() => cluster.rest());

describe('service CIDR controller', () => {
  it('protects and reports ready; an unused one goes ten seconds after its deletion', async () => {
    await run(cidr('extra', '10.97.0.0/24'), address('10.96.0.1'));
    assert.deepEqual(stored('extra')!.metadata.finalizers, [protectionFinalizer]);
    assert.equal(condition('extra'), 'Ready=True');
    await remove('extra');
    await pass(8000);
    assert.ok(stored('extra'));
    await pass(3000);
    assert.equal(stored('extra'), undefined);
  });

  it('stays while an address needs it, and says so', async () => {
    await run(cidr('extra', '10.97.0.0/24'), address('10.97.0.5'));
    await remove('extra');
    await pass(60_000);
    assert.equal(condition('extra'), 'Ready=False Terminating');
    cluster.transport.unseed(address('10.97.0.5') as never);
    await pass(12_000);
    assert.equal(stored('extra'), undefined);
  });

  it('goes when another one comes that holds its addresses', async () => {
    await run(cidr('extra', '10.97.0.0/24'), address('10.97.0.5'));
    await remove('extra');
    cluster.seed(cidr('wider', '10.97.0.0/16'));
    await pass(12_000);
    assert.equal(stored('extra'), undefined);
  });
});
