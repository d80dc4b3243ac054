import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../api/generated/types.ts';
import { builtinByKind } from '../api/resources.ts';
import type { Component } from '../base/component.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeTransport } from './fake-transport.ts';
import { LeaderElection } from './leader-election.ts';

const leases = builtinByKind({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' })!;

class Led implements Component {
  readonly name = 'led';
  readonly #told: string[];
  readonly #who: string;
  constructor(who: string, told: string[]) {
    this.#who = who;
    this.#told = told;
  }
  async start(): Promise<void> {
    this.#told.push(`${this.#who} starts`);
  }
  async stop(): Promise<void> {
    this.#told.push(`${this.#who} stops`);
  }
}

function setUp() {
  const clock = new FakeClock();
  const server = new FakeTransport({ clock });
  const told: string[] = [];
  const never = new AbortController().signal;
  const candidate = (identity: string, transport = server) =>
    new LeaderElection(
      { clock, log: silentLogger, transport, led: new Led(identity, told) },
      { lease: 'test', identity },
    );
  const lease = () => server.object<Lease>(leases, 'kube-system', 'test')?.spec;
  return { clock, server, told, never, candidate, lease };
}

test('one of two leads; when it stops, the other follows without waiting for the lease to expire', async () => {
  const { clock, told, never, candidate, lease } = setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.start(never);
  await clock.advance(100);
  await b.start(never);
  await clock.advance(60_000);
  assert.deepEqual([told, a.leading, b.leading], [['a starts'], true, false]);
  assert.deepEqual(
    [lease()?.holderIdentity, lease()?.leaseDurationSeconds, lease()?.leaseTransitions],
    ['a', 15, 0],
  );
  await a.stop();
  await clock.advance(3_000);
  assert.deepEqual(told, ['a starts', 'a stops', 'b starts']);
  assert.deepEqual([lease()?.holderIdentity, lease()?.leaseTransitions], ['b', 1]);
  await b.stop();
  assert.equal(clock.pending, 0);
});

test('a leader cut off gives up before another may take over, and they never lead together', async () => {
  const { clock, server, told, never, candidate } = setUp();
  // The same objects, reached by a line of its own.
  let cut = false;
  const line = Object.assign(Object.create(server), {
    request: (request: Parameters<FakeTransport['request']>[0]) =>
      cut ? Promise.reject(new Error('unreachable')) : server.request(request),
  }) as FakeTransport;
  const [a, b] = [candidate('a', line), candidate('b')];
  await a.start(never);
  await clock.advance(100);
  await b.start(never);
  await clock.advance(30_000);
  cut = true;
  let together = 0;
  for (let second = 0; second < 40; second++) {
    await clock.advance(1_000);
    if (a.leading && b.leading) together += 1;
  }
  assert.deepEqual([told, together, b.leading], [['a starts', 'a stops', 'b starts'], 0, true]);
  await a.stop();
  await b.stop();
});

test('a lease left by one that died is taken after its duration, seen on the own clock', async () => {
  const { clock, server, told, never, candidate, lease } = setUp();
  const spec = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' };
  const metadata = { name: 'test', namespace: 'kube-system' };
  server.seed<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  const a = candidate('a');
  await a.start(never);
  await clock.advance(14_000);
  assert.deepEqual(told, []);
  await clock.advance(6_000);
  assert.deepEqual([told, lease()?.holderIdentity], [['a starts'], 'a']);
  await a.stop();
});

test('a sole candidate takes the lease from whoever is written in it, and keeps leading without renewal', async () => {
  const { clock, server, told, never, lease } = setUp();
  const spec = { holderIdentity: 'old', leaseDurationSeconds: 15 };
  const metadata = { name: 'test', namespace: 'kube-system' };
  server.seed<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  const sole = new LeaderElection(
    { clock, log: silentLogger, transport: server, led: new Led('sole', told) },
    { lease: 'test', identity: 'sole', sole: true },
  );
  await sole.start(never);
  await clock.advance(100);
  assert.deepEqual([sole.leading, lease()?.holderIdentity], [true, 'sole']);
  server.unreachable = true;
  await clock.advance(60_000);
  assert.equal(sole.leading, true);
  server.unreachable = false;
  await sole.stop();
});

test('a leader whose component cannot be started twice is told that it lost, and does not stand again', async () => {
  const { clock, server, told, never } = setUp();
  const lost: string[] = [];
  const election = new LeaderElection(
    {
      clock,
      log: silentLogger,
      transport: server,
      led: new Led('a', told),
      lost: reason => lost.push(reason.message),
    },
    { lease: 'test', identity: 'a' },
  );
  await election.start(never);
  await clock.advance(100);
  server.unreachable = true;
  await clock.advance(20_000);
  server.unreachable = false;
  await clock.advance(60_000);
  assert.deepEqual([told, lost], [['a starts', 'a stops'], ['the lease test was lost']]);
  assert.equal(clock.pending, 0);
});

test('a renewal that hangs does not carry the leader past its deadline', async () => {
  const { clock, server, told, never, candidate } = setUp();
  let hang = false;
  const line = Object.assign(Object.create(server), {
    request: (request: Parameters<FakeTransport['request']>[0]) => {
      if (!hang) return server.request(request);
      return new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason));
      });
    },
  }) as FakeTransport;
  const a = candidate('a', line);
  await a.start(never);
  await clock.advance(5_000);
  hang = true;
  await clock.advance(11_000);
  assert.deepEqual([told, a.leading], [['a starts', 'a stops'], false]);
  hang = false;
  await a.stop();
});
