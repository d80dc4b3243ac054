import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EndpointSlice, Node, Service } from '../../api/generated/types.ts';
import { builtinByResource } from '../../api/resources.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger as log } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import { FakeTransport } from '../../client/fake-transport.ts';
import { InformerFactory } from '../../client/informer-factory.ts';
import { FakeNft } from '../../kernel/nft/fake-nft.ts';
import { ServiceProxy } from './service-proxy.ts';

const resource = (group: string, plural: string) =>
  builtinByResource({ group, version: 'v1', resource: plural })!;
const kinds = {
  services: resource('', 'services'),
  nodes: resource('', 'nodes'),
  slices: resource('discovery.k8s.io', 'endpointslices'),
};
const address = '10.244.0.5';

/** A proxy with one Service of one ready endpoint on fakes. */
async function start(t: TestContext) {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  const informers = new InformerFactory({ clock, log, transport });
  const nft = new FakeNft();
  const proxy = new ServiceProxy(
    {
      ...{ clock, log, nft, decisions: new DecisionLog(clock, 'n1'), forgetFlows: async () => {} },
      services: informers.informer<Service>(kinds.services),
      slices: informers.informer<EndpointSlice>(kinds.slices),
      nodes: informers.informer<Node>(kinds.nodes),
    },
    { nodeName: 'n1', ipFamilies: ['IPv4'], podSubnets: ['10.244.0.0/16'], serviceSubnets: ['10.96.0.0/16'] },
  );
  const metadata = { name: 'web', namespace: 'default' };
  await new ResourceClient<Service>(transport, kinds.services).create({
    metadata,
    spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ name: '', port: 80 }] },
  });
  const slices = new ResourceClient<EndpointSlice>(transport, kinds.slices);
  const slice = (endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints,
  });
  await slices.create(slice([{ addresses: [address], conditions: { ready: true } }]));
  const signal = new AbortController().signal;
  await informers.start(signal);
  await proxy.start(signal);
  t.after(() => Promise.all([proxy.stop(), informers.stop(), clock.advance(10)]));
  const setEndpoints = (endpoints: EndpointSlice['endpoints']) =>
    slices.patch('default', 'web', { endpoints }, { type: 'merge' });
  return { clock, nft, proxy, setEndpoints };
}

/** Whether it has come about by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test('an address is released when the rules without it are written', async t => {
  const { clock, nft, proxy, setEndpoints } = await start(t);
  const { signal } = new AbortController();
  assert.equal(await proxy.whenReleased(['10.244.0.9'], signal), false, 'one the rules never named');
  const released = proxy.whenReleased([address], signal);
  await clock.advance(100);
  assert.equal(await isDone(released), false);
  nft.failNext = 'Error: Device or resource busy';
  await setEndpoints([]);
  await clock.advance(500);
  assert.equal(await isDone(released), false, 'not before they are in the kernel');
  await clock.advance(1500);
  assert.equal(await released, true);
});

test('one that is used for want of others is released at once', async t => {
  const { clock, proxy, setEndpoints } = await start(t);
  const released = proxy.whenReleased([address], new AbortController().signal);
  const conditions = { ready: false, serving: true, terminating: true };
  await setEndpoints([{ addresses: [address], conditions }]);
  await clock.advance(100);
  assert.equal(await released, true);
  assert.equal(proxy.models.get('default/web')?.ports[0]?.frontends[0]?.endpoints.length, 1);
});

test('who no longer waits is let go', async t => {
  const { proxy } = await start(t);
  const patience = new AbortController();
  const released = proxy.whenReleased([address], patience.signal);
  patience.abort();
  assert.equal(await released, true);
});
