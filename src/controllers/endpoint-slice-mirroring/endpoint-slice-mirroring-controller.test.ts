import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { EndpointSlice, Endpoints, Service } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { EndpointSliceMirroringController } from './endpoint-slice-mirroring-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const service = (selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'db' },
  spec: { selector, ports: [{ port: 5432 }] },
});
const endpoints = (...ips: string[]): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { namespace: 'default', name: 'db', labels: { tier: 'data' } },
  subsets: [{ addresses: ips.map(ip => ({ ip })), ports: [{ port: 5432, protocol: 'TCP' }] }],
});
const slices = () =>
  cluster
    .list<EndpointSlice>(resources.endpointSlices)
    .map(({ addressType, endpoints = [], ports, metadata }) => {
      assert.equal(
        metadata.labels?.['endpointslice.kubernetes.io/managed-by'],
        'endpointslicemirroring-controller.k8s.io',
      );
      assert.equal(metadata.labels?.tier, 'data');
      return `${addressType} ${endpoints.map(({ addresses }) => addresses[0]).join()} ${ports?.[0]?.port}`;
    });

it('mirrors Endpoints of Services without a selector, by family', async () => {
  cluster = new TestCluster();
  cluster.seed(service());
  cluster.seed(endpoints('192.0.2.1', '2001:db8::1', '192.0.2.2'));
  await cluster.run(new EndpointSliceMirroringController(cluster.deps));
  assert.deepEqual(slices().sort(), ['IPv4 192.0.2.1,192.0.2.2 5432', 'IPv6 2001:db8::1 5432']);
  cluster.seed(endpoints('192.0.2.3'));
  await cluster.rest();
  assert.deepEqual(slices(), ['IPv4 192.0.2.3 5432']);
  cluster.seed(service({ app: 'db' }));
  await cluster.rest();
  assert.deepEqual(slices(), []);
  cluster.seed(service());
  await cluster.rest();
  assert.equal(slices().length, 1);
  cluster.transport.unseed(endpoints());
  await cluster.rest();
  assert.deepEqual(slices(), []);
});
