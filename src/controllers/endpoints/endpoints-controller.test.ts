import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Endpoints, Pod, Service, ServiceSpec } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { EndpointsController } from './endpoints-controller.ts';
import { truncateSubsets } from './subsets.ts';

let cluster: TestCluster;
afterEach(() => cluster?.stop());

const service = (spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', labels: { team: 'blue' } },
  spec: {
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
    ...spec,
  },
});
const pod = (name: string, podIP: string, ready = true): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, uid: name, labels: { app: 'web' } },
  spec: { nodeName: 'a', containers: [] },
  status: {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  },
});
const endpoints = () => cluster.get<Endpoints>(resources.endpoints, 'default', 'web');

describe('endpoints controller', () => {
  it('writes ready and other addresses, and removes them with the Service', async () => {
    cluster = new TestCluster();
    for (const one of [service(), pod('p', '10.244.0.6'), pod('q', '10.244.0.5', false)])
      cluster.seed<Service | Pod>(one);
    await cluster.run(new EndpointsController(cluster.deps));
    const target = (name: string) => ({ kind: 'Pod', namespace: 'default', name, uid: name });
    assert.deepEqual(endpoints()?.subsets, [
      {
        addresses: [{ ip: '10.244.0.6', nodeName: 'a', targetRef: target('p') }],
        notReadyAddresses: [{ ip: '10.244.0.5', nodeName: 'a', targetRef: target('q') }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ]);
    assert.deepEqual(endpoints()?.metadata.labels, {
      team: 'blue',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    });
    cluster.transport.unseed(service());
    await cluster.rest();
    assert.equal(endpoints(), undefined);
  });

  it('leaves Endpoints kept by hand alone', async () => {
    cluster = new TestCluster();
    cluster.seed(service({ selector: undefined }));
    const subsets = [{ addresses: [{ ip: '1.2.3.4' }] }];
    cluster.seed<Endpoints>({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { namespace: 'default', name: 'web' },
      subsets,
    });
    await cluster.run(new EndpointsController(cluster.deps));
    assert.deepEqual(endpoints()?.subsets, subsets);
    cluster.transport.unseed(service());
    await cluster.rest();
    assert.deepEqual(endpoints()?.subsets, subsets);
  });

  it('holds a thousand addresses at most, ready ones first', () => {
    const address = (n: number) => ({ ip: `10.0.${n >> 8}.${n & 255}` });
    const many = (count: number) => Array.from({ length: count }, (_, n) => address(n));
    const { subsets, truncated } = truncateSubsets([
      { notReadyAddresses: many(600) },
      { addresses: many(700) },
    ]);
    assert.equal(truncated, true);
    assert.equal(subsets[0]?.notReadyAddresses?.length, 300);
    assert.equal(subsets[1]?.addresses?.length, 700);
  });
});
