import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Lease, Node, Service } from '../../api/generated/types.ts';
import { builtinByKind } from '../../api/resources.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { createLogger } from '../../base/log.ts';
import { FakeTransport } from '../../client/fake-transport.ts';
import { InformerFactory } from '../../client/informer-factory.ts';
import { FakeIpRoute } from '../../kernel/ip/fake-ip-route.ts';
import { BalancerAnnouncer } from './balancer-announcer.ts';
import { leaseResource, speakerLabel, speakerNamespace } from './speaker-lease.ts';

const services = builtinByKind({ group: '', version: 'v1', kind: 'Service' })!;
const nodes = builtinByKind({ group: '', version: 'v1', kind: 'Node' })!;
const slices = builtinByKind({ group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' })!;

const balanced = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web' },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  status: { loadBalancer: { ingress: [{ ip: '172.30.0.200', ipMode: 'VIP' }] } },
};

/** A cluster whose nodes share one API and have a kernel each. */
function setUp(...names: string[]) {
  const clock = new FakeClock();
  const log = createLogger(clock, { component: 'test', level: 'error' });
  const transport = new FakeTransport({ clock });
  transport.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: speakerNamespace } });
  for (const name of names) transport.seed({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const start = async (name: string, onLoopback: string[] = []) => {
    const ip = new FakeIpRoute();
    await ip.apply(onLoopback.map(address => ({ op: 'address.add', link: 'lo', address: `${address}/32` })));
    const calls: string[][] = [];
    const commands = {
      run: async (argv: readonly string[]) => {
        calls.push(argv.slice(2));
        return { stdout: '', stderr: '' };
      },
    };
    const informers = new InformerFactory({ clock, log, transport });
    const decisions = new DecisionLog(clock, name);
    const announcer = new BalancerAnnouncer(
      {
        ...{ clock, log, decisions, transport, ip, commands },
        services: informers.informer<Service>(services),
        slices: informers.informer<EndpointSlice>(slices),
        nodes: informers.informer<Node>(nodes),
        leases: informers.informer<Lease>(leaseResource, {
          namespace: speakerNamespace,
          labelSelector: speakerLabel,
        }),
      },
      { nodeName: name, link: 'eth0', others: ['10.96.0.10', '10.244.0.0/16'] },
    );
    const ending = new AbortController();
    await informers.start(ending.signal);
    const started = announcer.start(ending.signal);
    await clock.advance(100);
    await started;
    const stop = async () => {
      await announcer.stop();
      await informers.stop();
    };
    const loopback = async () => (await ip.links()).find(link => link.name === 'lo')!.addresses;
    return { name, calls, loopback, stop };
  };
  return { clock, transport, start };
}

type Running = Awaited<ReturnType<ReturnType<typeof setUp>['start']>>;

async function holders(running: Running[]): Promise<Running[]> {
  const held = await Promise.all(running.map(async node => (await node.loopback()).length > 0));
  return running.filter((_, index) => held[index]);
}

test('one node answers for an address, tells the link, and lets go with the Service', async () => {
  const { clock, transport, start } = setUp('a', 'b', 'c');
  const running = [await start('a'), await start('b'), await start('c')];
  transport.seed(balanced);
  await clock.advance(1_500);
  const [holder, ...more] = await holders(running);
  assert.ok(holder);
  assert.deepEqual(more, []);
  assert.deepEqual(await holder.loopback(), ['172.30.0.200/32']);
  assert.deepEqual(holder.calls, [['eth0', '172.30.0.200']]);
  transport.unseed(balanced);
  await clock.advance(100);
  assert.deepEqual(await holders(running), []);
  for (const node of running) await node.stop();
});

test('another node takes the address over from one that is silent', async () => {
  const { clock, transport, start } = setUp('a', 'b');
  const running = [await start('a'), await start('b')];
  transport.seed(balanced);
  await clock.advance(1_500);
  const [first] = await holders(running);
  await first!.stop();
  await clock.advance(3_000);
  const other = running.find(node => node !== first)!;
  assert.deepEqual(await other.loopback(), ['172.30.0.200/32']);
  assert.deepEqual(other.calls.at(-1), ['eth0', '172.30.0.200']);
  await other.stop();
});

test('started again, it lets go what is no longer in use, and nothing of others', async () => {
  const { clock, start } = setUp('a');
  const others = ['127.0.0.1', '10.96.0.10', '10.244.1.1'];
  const node = await start('a', [...others, '172.30.0.201']);
  await clock.advance(1_000);
  assert.deepEqual(
    await node.loopback(),
    others.map(address => `${address}/32`),
  );
  await node.stop();
});
