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
import { FakeSysctl } from '../../kernel/sysctl.ts';
import { ServiceProxy } from './service-proxy.ts';

/** How far the rules of a service proxy have come, as those see it who wait for it. */

const resource = (group: string, plural: string) =>
  builtinByResource({ group, version: 'v1', resource: plural })!;
const kinds = {
  services: resource('', 'services'),
  nodes: resource('', 'nodes'),
  slices: resource('discovery.k8s.io', 'endpointslices'),
};
const address = '10.244.0.5';

const ready = { ready: true };
const leaving = { ready: false, serving: true, terminating: true };

/** A proxy with one Service of one ready endpoint on fakes. */
async function start(t: TestContext) {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  const informers = new InformerFactory({ clock, log, transport });
  const nft = new FakeNft();
  const informer = informers.informer<EndpointSlice>(kinds.slices);
  const proxy = new ServiceProxy(
    {
      ...{
        clock,
        log,
        nft,
        sysctl: new FakeSysctl(),
        decisions: new DecisionLog(clock, 'n1'),
        forgetFlows: async () => {},
      },
      services: informers.informer<Service>(kinds.services),
      slices: informer,
      nodes: informers.informer<Node>(kinds.nodes),
    },
    { nodeName: 'n1', ipFamilies: ['IPv4'], podSubnets: ['10.244.0.0/16'], serviceSubnets: ['10.96.0.0/16'] },
  );
  const services = new ResourceClient<Service>(transport, kinds.services);
  const slices = new ResourceClient<EndpointSlice>(transport, kinds.slices);
  const createService = (name: string, clusterIP: string) =>
    services.create({
      metadata: { name, namespace: 'default' },
      spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: '', port: 80 }] },
    });
  const createSlice = (service: string, address: string) =>
    slices.create({
      metadata: { name: service, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: ready }],
    });
  await createService('web', '10.96.0.7');
  await createSlice('web', address);
  await createService('headless', 'None');
  await createSlice('headless', '10.244.0.6');
  const signal = new AbortController().signal;
  await informers.start(signal);
  await proxy.start(signal);
  t.after(() => Promise.all([proxy.stop(), informers.stop(), clock.advance(10)]));
  /** Resolves with the version of the slice after the change. */
  const setEndpoints = async (endpoints: EndpointSlice['endpoints']) => {
    const changed = await slices.patch('default', 'web', { endpoints }, { type: 'merge' });
    return changed.metadata.resourceVersion;
  };
  return { clock, nft, proxy, progress: proxy.progress, informer, slices, setEndpoints };
}

const { signal } = new AbortController();

/** Whether it has come about by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test('an address is released when the rules without it are written', async t => {
  const { clock, nft, progress, setEndpoints } = await start(t);
  const released = progress.whenReleased([address], signal);
  await clock.advance(100);
  assert.equal(await isDone(released), false);
  nft.failNext = 'Error: Device or resource busy';
  const revision = await setEndpoints([]);
  await clock.advance(500);
  assert.equal(await isDone(released), false, 'not before they are in the kernel');
  await clock.advance(1500);
  assert.equal(await released, revision);
});

test('addresses that no rule ever had are not waited for', async t => {
  const { progress } = await start(t);
  for (const other of ['10.244.0.9', '10.244.0.6'])
    assert.equal(await progress.whenReleased([other], signal), undefined, other);
});

test('one that left before has a version, too: other nodes may not have seen it yet', async t => {
  const { clock, progress, setEndpoints } = await start(t);
  const revision = await setEndpoints([{ addresses: [address], conditions: leaving }]);
  await clock.advance(100);
  assert.equal(await progress.whenReleased([address], signal), revision);
});

const published = { ready: true, serving: true, terminating: true };
for (const [name, conditions] of Object.entries({ leaving, published })) {
  test(`an endpoint that is still used, and about to end, is released at once: ${name}`, async t => {
    const { clock, proxy, progress, setEndpoints } = await start(t);
    const released = progress.whenReleased([address], signal);
    const revision = await setEndpoints([{ addresses: [address], conditions }]);
    await clock.advance(100);
    assert.equal(await released, revision);
    assert.equal(proxy.models.get('default/web')?.ports[0]?.frontends[0]?.endpoints.length, 1);
  });
}

test('a slice that is deleted has its endpoints released', async t => {
  const { clock, progress, slices, informer } = await start(t);
  const released = progress.whenReleased([address], signal);
  await slices.delete('default', 'web');
  await clock.advance(100);
  assert.equal(await released, informer.resourceVersion);
});

test('who no longer waits is let go', async t => {
  const { progress } = await start(t);
  const patience = new AbortController();
  const waits = [
    progress.whenReleased([address], patience.signal),
    progress.whenWritten('999999', patience.signal),
  ];
  patience.abort();
  assert.deepEqual(await Promise.all(waits), [undefined, false]);
});

test('a version is written when the rules that follow it are in the kernel', async t => {
  const { clock, nft, progress, informer, setEndpoints } = await start(t);
  await clock.advance(100);
  assert.equal(await progress.whenWritten(informer.resourceVersion, signal), true);
  const next = String(Number(informer.resourceVersion) + 1);
  const written = progress.whenWritten(next, signal);
  await clock.advance(1000);
  assert.equal(await isDone(written), false, 'the informer has not seen it');
  nft.failNext = 'Error: Device or resource busy';
  assert.equal(await setEndpoints([]), next);
  await clock.advance(500);
  assert.equal(informer.resourceVersion, next);
  assert.equal(await isDone(written), false, 'the rules could not be written');
  await clock.advance(1500);
  assert.equal(await written, true);
});
