import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { compileService } from './compile-service.ts';

const node = { name: 'node-a' };

const service = (labels: Record<string, string> = {}): Stored<Service> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion: '1', labels },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.50', clusterIPs: ['10.96.0.50'], ports: [{ port: 80 }] },
});
const slice = (address: string, labels: Record<string, string> = {}): EndpointSlice => ({
  metadata: { labels: { 'kubernetes.io/service-name': 'web', ...labels } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], nodeName: 'node-a', conditions: { ready: true } }],
});
const addresses = (...slices: EndpointSlice[]) =>
  compileService(service(), slices, node)!.ports[0]!.frontends[0]!.endpoints.map(({ address }) => address);

for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) {
  test(`Services and slices with ${label} are nobody's of ours, whatever its value`, () => {
    for (const value of ['', 'other']) {
      assert.equal(compileService(service({ [label]: value }), [slice('10.244.0.1')], node), undefined);
      assert.deepEqual(addresses(slice('10.244.0.1'), slice('10.244.0.2', { [label]: value })), [
        '10.244.0.1',
      ]);
    }
  });
}
