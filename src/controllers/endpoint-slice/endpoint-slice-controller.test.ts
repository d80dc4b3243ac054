import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { EndpointSlice, Node, Pod, Service, ServiceSpec } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { EndpointSliceController } from './endpoint-slice-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const service = (spec: Partial<ServiceSpec> = {}, labels = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web', labels },
  spec: {
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    ...spec,
  },
});
const node = (name: string, zone?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: zone ? { 'topology.kubernetes.io/zone': zone } : {} },
});
const pod = (name: string, ips: string[], ready = true, more: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, uid: `uid-${name}`, labels: { app: 'web', pod: name } },
  spec: {
    nodeName: 'a',
    containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }],
    ...more,
  },
  status: {
    phase: 'Running',
    podIP: ips[0],
    podIPs: ips.map(ip => ({ ip })),
    conditions: [
      { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2029-12-31T23:00:00Z' },
    ],
  },
});
async function run(...objects: (Service | Node | Pod)[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of objects) cluster.seed(one);
  await cluster.run(new EndpointSliceController(cluster.deps));
}
const slices = () => cluster.list<EndpointSlice>(resources.endpointSlices, 'default');
const endpoints = () =>
  slices().flatMap(({ endpoints = [] }) =>
    endpoints.map(({ addresses, conditions: { ready, serving, terminating } = {} }) => {
      const states = [ready && 'ready', serving && 'serving', terminating && 'terminating'];
      return [addresses.join(), ...states.filter(Boolean)].join(' ');
    }),
  );
const writes = () => cluster.transport.requests.filter(text => /^(POST|PUT|DELETE)/.test(text)).length;

describe('endpoint slice controller', () => {
  it('writes a slice that says everything of the pods', async () => {
    await run(node('a', 'z1'), service({}, { team: 'blue' }), pod('p', ['10.244.0.5']));
    const [slice] = slices();
    assert.match(slice!.metadata.name, /^web-\w{5}$/);
    assert.equal(slice!.addressType, 'IPv4');
    assert.deepEqual(slice!.metadata.labels, {
      team: 'blue',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    assert.equal(slice!.metadata.ownerReferences?.[0]?.kind, 'Service');
    assert.equal(
      slice!.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'],
      '2029-12-31T23:00:00Z',
    );
    assert.deepEqual(slice!.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(slice!.endpoints, [
      {
        addresses: ['10.244.0.5'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'a',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'p', uid: 'uid-p' },
        zone: 'z1',
      },
    ]);
  });

  it('follows pods through their life', async () => {
    await run(node('a'), service());
    assert.deepEqual(slices()[0]?.endpoints, []);
    cluster.seed(pod('p', ['10.244.0.5'], false));
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5']);
    cluster.seed(pod('p', ['10.244.0.5']));
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5 ready serving']);
    await cluster.transport.request({ method: 'DELETE', path: '/api/v1/namespaces/default/pods/p' });
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5 serving terminating']);
    cluster.transport.unseed(pod('p', []));
    await cluster.rest();
    assert.deepEqual(endpoints(), []);
    assert.equal(slices().length, 1);
  });

  it('leaves out pods that are finished, relabelled or without an address', async () => {
    await run(node('a'), service(), pod('p', ['10.244.0.5']), pod('none', []));
    const stored = cluster.get<Pod>(resources.pods, 'default', 'p')!;
    cluster.seed({ ...stored, metadata: { ...stored.metadata, labels: { app: 'other' } } });
    await cluster.rest();
    assert.deepEqual(endpoints(), []);
    cluster.seed({ ...stored, status: { ...stored.status, phase: 'Succeeded' } });
    await cluster.rest();
    assert.deepEqual(endpoints(), []);
  });

  it('publishes pods that are not ready where it is told to', async () => {
    await run(node('a'), service({ publishNotReadyAddresses: true }), pod('p', ['10.244.0.5'], false));
    assert.deepEqual(endpoints(), ['10.244.0.5 ready']);
  });

  it('writes one slice a family', async () => {
    await run(node('a'), service({ ipFamilies: ['IPv4', 'IPv6'] }), pod('p', ['10.244.0.5', 'fd00::5']));
    assert.deepEqual(
      slices()
        .map(({ addressType, endpoints }) => `${addressType} ${endpoints?.[0]?.addresses[0]}`)
        .sort(),
      ['IPv4 10.244.0.5', 'IPv6 fd00::5'],
    );
  });

  it('serves headless Services: hostnames, no ports, their label', async () => {
    const headless = service({ clusterIP: 'None', ports: [] });
    await run(node('a'), headless, pod('p', ['10.244.0.5'], true, { hostname: 'p-0', subdomain: 'web' }));
    const [slice] = slices();
    assert.equal(slice?.metadata.labels?.['service.kubernetes.io/headless'], '');
    assert.equal(slice?.endpoints?.[0]?.hostname, 'p-0');
    assert.deepEqual(slice?.ports, []);
  });

  it('gives hints by the traffic distribution', async () => {
    await run(node('a', 'z1'), service({ trafficDistribution: 'PreferSameNode' }), pod('p', ['10.244.0.5']));
    assert.deepEqual(slices()[0]?.endpoints?.[0]?.hints, {
      forNodes: [{ name: 'a' }],
      forZones: [{ name: 'z1' }],
    });
  });

  it('gives hints by the zones of nodes, and tells when they come and go', async () => {
    const zoned = (name: string, zone: string, ready = 'True', cpu = '4'): Node => ({
      ...node(name, zone),
      status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
    });
    const auto = (value: string, spec: Partial<ServiceSpec> = {}): Service => {
      const plain = service(spec);
      const annotations = { 'service.kubernetes.io/topology-mode': value };
      return { ...plain, metadata: { ...plain.metadata, annotations } };
    };
    const hints = () =>
      slices()
        .flatMap(({ endpoints = [] }) => endpoints.map(({ hints }) => hints?.forZones?.[0]?.name ?? '-'))
        .sort()
        .join('');
    const pods = [1, 2, 3, 4].map(i => pod(`p${i}`, [`10.244.0.${i}`]));
    await run(zoned('a', 'x'), zoned('b', 'y', 'False'), auto('Auto'), ...pods);
    assert.equal(hints(), '----');
    cluster.seed(zoned('b', 'y'));
    await cluster.rest();
    assert.equal(hints(), 'xxyy');
    cluster.seed(zoned('b', 'y', 'True', '12'));
    await cluster.rest();
    assert.equal(hints(), 'xyyy');
    // The annotation goes before the field.
    cluster.seed(auto('Auto', { trafficDistribution: 'PreferSameNode' }));
    await cluster.rest();
    assert.equal(hints(), 'xyyy');
    cluster.seed(auto('Disabled'));
    await cluster.rest();
    assert.equal(hints(), '----');
    cluster.seed(auto('auto'));
    await cluster.rest();
    cluster.transport.unseed(node('b'));
    await cluster.rest();
    assert.equal(hints(), '----');
    const few =
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4';
    const on = 'Normal TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4';
    assert.deepEqual(cluster.recorder.events, [
      `Warning TopologyAwareHintsDisabled ${few}`,
      on,
      'Warning TopologyAwareHintsDisabled Topology Aware Hints has been disabled, addressType: IPv4',
      on,
      `Warning TopologyAwareHintsDisabled ${few}`,
    ]);
  });

  it('splits at a hundred and writes little when one changes', async () => {
    const pods = Array.from({ length: 150 }, (_, i) => pod(`p${i}`, [`10.244.1.${i}`]));
    await run(node('a'), service(), ...pods);
    assert.deepEqual(
      slices()
        .map(({ endpoints }) => endpoints?.length)
        .sort(),
      [100, 50],
    );
    const before = writes();
    cluster.seed(pod('p7', ['10.244.1.7'], false));
    await cluster.rest();
    assert.equal(writes() - before, 1);
  });

  it('waits for the node of a pod', async () => {
    await run(service(), pod('p', ['10.244.0.5']));
    assert.deepEqual(endpoints(), []);
    cluster.seed(node('a'));
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5 ready serving']);
  });

  it('mends what others change, and does not touch what it does not own', async () => {
    await run(
      node('a'),
      service(),
      pod('p', ['10.244.0.5']),
      service({ selector: undefined, externalName: 'x' }),
    );
    cluster.seed(service());
    await cluster.rest();
    cluster.transport.unseed(slices()[0]!);
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5 ready serving']);
    cluster.seed({ ...slices()[0]!, endpoints: [] });
    await cluster.rest();
    assert.deepEqual(endpoints(), ['10.244.0.5 ready serving']);
  });

  it('creates no second slice while its view is behind', async () => {
    await run(node('a'));
    cluster.transport.fail('GET', /endpointslices\?.*watch/, new Error('no watch'), 3);
    cluster.transport.breakWatches();
    cluster.seed(service());
    for (let i = 0; i < 5; i++) {
      cluster.seed(pod(`p${i}`, [`10.244.1.${i}`]));
      await cluster.rest();
    }
    await cluster.clock.advance(60_000);
    assert.equal(slices().length, 1);
    assert.equal(endpoints().length, 5);
  });
});
