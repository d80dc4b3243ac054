import assert from 'node:assert/strict';
import { test } from 'node:test';
import packet from 'dns-packet';
import { FakeClock } from '../base/fake-clock.ts';
import { ClusterZone } from './cluster-zone.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeExchange, type FakeUpstreamServer } from './fake-exchange.ts';
import { Forwarder, type ForwarderOptions } from './forwarder.ts';
import { QueryHandler } from './query-handler.ts';
import { RecordIndex } from './record-index.ts';
import { decodeAnswer } from './test-message.ts';

const first = { address: '192.0.2.1', port: 53 };
const second = { address: '192.0.2.2', port: 53 };
const special = { address: '192.0.2.3', port: 53 };

function setUp(options: Partial<ForwarderOptions> = {}) {
  const clock = new FakeClock();
  const exchange = new FakeExchange();
  const metrics = new DnsMetrics();
  const index = new RecordIndex();
  const cluster = new FakeCluster('default');
  cluster.service('default/away', { type: 'ExternalName', externalName: 'www.example.com' });
  for (const namespace of cluster.namespaces.list()) index.setNamespace(namespace);
  for (const service of cluster.services.list()) index.setService(service);
  const zone = new ClusterZone(index, {
    domain: 'cluster.local',
    ttl: 30,
    negativeTtl: 5,
    serverAddresses: [],
  });
  const forwarder = new Forwarder({ clock, exchange, metrics }, { upstreams: [first, second], ...options });
  const handler = new QueryHandler({ index, zone, metrics, forwarder, ready: () => true });
  const ask = async (
    name: string,
    type: packet.RecordType = 'A',
    { raw, ...more }: packet.Packet & { raw?: Buffer } = {},
  ) => {
    const query = packet.encode({
      type: 'query',
      id: 99,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name, type }],
      ...more,
    });
    return decodeAnswer((await handler.handle(raw ?? query, 'udp'))!);
  };
  return { clock, exchange, metrics, ask };
}

/** Answers every A question with `address`. */
const addressServer =
  (address: string, ttl = 20): FakeUpstreamServer =>
  query => {
    const { id, questions } = packet.decode(query);
    const answers: packet.Answer[] = [{ name: questions![0]!.name, type: 'A', ttl, data: address }];
    return packet.encode({ type: 'response', id, flags: packet.RECURSION_AVAILABLE, questions, answers });
  };
const codeServer =
  (code: number): FakeUpstreamServer =>
  query => {
    const { id, questions } = packet.decode(query);
    const soa: packet.Answer = {
      name: 'com',
      type: 'SOA',
      ttl: 900,
      data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 10 },
    };
    return packet.encode({
      type: 'response',
      id,
      flags: code,
      questions,
      authorities: code === 3 ? [soa] : [],
    });
  };
const data = (answer: packet.Packet) => answer.answers?.map(a => ('data' in a ? a.data : ''));

test('an answer is kept for its TTL and ages', async () => {
  const { exchange, ask, clock } = setUp();
  exchange.servers.set(first.address, addressServer('203.0.113.1', 20));
  const fresh = await ask('www.example.com');
  assert.deepEqual(
    [fresh.id, data(fresh), fresh.flag_ra, fresh.flag_rd, fresh.flag_aa],
    [99, ['203.0.113.1'], true, true, false],
  );
  await clock.advance(15_000);
  const aged = await ask('WWW.example.com');
  assert.equal(aged.questions?.[0]?.name, 'WWW.example.com');
  assert.ok(aged.answers?.[0]?.type === 'A');
  assert.equal(aged.answers[0].ttl, 5);
  assert.equal(exchange.asked.length, 1);
  await clock.advance(5_000);
  await ask('www.example.com');
  assert.equal(exchange.asked.length, 2);
});

test('a negative answer is kept for the SOA record’s minimum', async () => {
  const { exchange, ask, clock } = setUp();
  exchange.servers.set(first.address, codeServer(3));
  assert.equal((await ask('none.example.com')).rcode, 'NXDOMAIN');
  await clock.advance(9_000);
  const kept = await ask('none.example.com');
  assert.equal(kept.rcode, 'NXDOMAIN');
  assert.equal(kept.authorities?.length, 1);
  assert.equal(exchange.asked.length, 1);
  await clock.advance(2_000);
  await ask('none.example.com');
  assert.equal(exchange.asked.length, 2);
});

test('equal questions under way are one', async () => {
  const { exchange, ask, clock } = setUp({ upstreams: [first] });
  const asked = [ask('www.example.com'), ask('www.example.com')];
  await clock.advance(100);
  assert.equal(exchange.asked.length, 1);
  await clock.advance(4_000);
  for (const { rcode } of await Promise.all(asked)) assert.equal(rcode, 'SERVFAIL');
});

test('the next server is asked where one fails, refuses or is slow; a bad one comes last afterwards', async () => {
  const rows: [string, FakeUpstreamServer, number][] = [
    ['fails', () => new Error('port unreachable'), 0],
    ['refuses', codeServer(5), 0],
    ['is slow', () => 'silence', 400],
  ];
  for (const [what, server, wait] of rows) {
    const { exchange, ask, clock } = setUp();
    exchange.servers.set(first.address, server);
    exchange.servers.set(second.address, addressServer('203.0.113.2'));
    const answer = ask('a.example.com');
    await clock.advance(wait);
    assert.deepEqual(data(await answer), ['203.0.113.2'], what);
    assert.deepEqual(exchange.asked, ['udp 192.0.2.1', 'udp 192.0.2.2'], what);
    if (what !== 'fails') continue;
    await ask('b.example.com');
    assert.equal(exchange.asked[2], 'udp 192.0.2.2');
  }
});

test('a refusal of all servers is handed on', async () => {
  const { exchange, ask } = setUp();
  for (const { address } of [first, second]) exchange.servers.set(address, codeServer(5));
  assert.equal((await ask('a.example.com')).rcode, 'REFUSED');
});

test('a truncated answer is fetched over TCP, and truncated for a client it does not fit', async () => {
  const { exchange, ask } = setUp();
  exchange.servers.set(first.address, (query, protocol) => {
    const { id, questions } = packet.decode(query);
    if (protocol === 'udp')
      return packet.encode({ type: 'response', id, flags: packet.TRUNCATED_RESPONSE, questions });
    const answers = Array.from(
      { length: 30 },
      (_, i): packet.Answer => ({ name: 'a.example.com', type: 'A', ttl: 9, data: `203.0.113.${i}` }),
    );
    return packet.encode({ type: 'response', id, questions, answers });
  });
  const plain = await ask('a.example.com');
  assert.deepEqual([plain.flag_tc, plain.answers?.length], [true, 0]);
  assert.deepEqual(exchange.asked, ['udp 192.0.2.1', 'tcp 192.0.2.1']);
  const option: packet.Answer = {
    name: '.',
    type: 'OPT',
    udpPayloadSize: 4096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const large = await ask('a.example.com', 'A', { additionals: [option] });
  assert.deepEqual([large.flag_tc, large.answers?.length, large.additionals?.length], [false, 30, 1]);
});

test('when no server answers, an old answer is given for a while', async () => {
  const { exchange, ask, clock } = setUp();
  exchange.servers.set(first.address, addressServer('203.0.113.1', 10));
  await ask('a.example.com');
  await clock.advance(60_000);
  exchange.servers.clear();
  const late = ask('a.example.com');
  await clock.advance(1_800);
  const stale = await late;
  assert.deepEqual(data(stale), ['203.0.113.1']);
  assert.ok(stale.answers?.[0]?.type === 'A');
  assert.equal(stale.answers[0].ttl, 30);
  await clock.advance(2 * 60 * 60 * 1000);
  const gone = ask('a.example.com');
  await clock.advance(4_000);
  assert.equal((await gone).rcode, 'SERVFAIL');
});

test('a zone of its own is asked at its servers', async () => {
  const { exchange, ask } = setUp({ zones: [{ zone: 'Corp.test.', upstreams: [special] }] });
  exchange.servers.set(first.address, addressServer('203.0.113.1'));
  exchange.servers.set(special.address, addressServer('203.0.113.3'));
  assert.deepEqual(data(await ask('a.corp.test')), ['203.0.113.3']);
  assert.deepEqual(data(await ask('corp.test')), ['203.0.113.3']);
  assert.deepEqual(data(await ask('notcorp.test')), ['203.0.113.1']);
});

test('without servers of its own a name is refused', async () => {
  const { ask } = setUp({ upstreams: [], zones: [{ zone: 'corp.test', upstreams: [special] }] });
  assert.equal((await ask('www.example.com')).rcode, 'REFUSED');
});

test('an ExternalName has the addresses of where it leads', async () => {
  const { exchange, ask } = setUp();
  exchange.servers.set(first.address, addressServer('203.0.113.1'));
  const answer = await ask('away.default.svc.cluster.local');
  assert.deepEqual(
    answer.answers?.map(a => [a.name, a.type, 'data' in a && a.data]),
    [
      ['away.default.svc.cluster.local', 'CNAME', 'www.example.com'],
      ['www.example.com', 'A', '203.0.113.1'],
    ],
  );
});

test('the cache is bounded, and so are questions under way', async () => {
  const { exchange, ask, metrics, clock } = setUp({ maxEntries: 10, maxConcurrent: 5 });
  exchange.servers.set(first.address, addressServer('203.0.113.1'));
  for (let i = 0; i < 50; i++) await ask(`h${i}.example.com`);
  assert.match(metrics.text(), /causeway_dns_forward_cache_entries 10\n/);
  exchange.servers.clear();
  const waiting = Array.from({ length: 20 }, (_, i) => ask(`w${i}.example.com`));
  await clock.advance(4_000);
  for (const { rcode } of await Promise.all(waiting)) assert.equal(rcode, 'SERVFAIL');
  assert.match(metrics.text(), /causeway_dns_forward_overflow_total 15\n/);
});

test('clients that wait are bounded, also when all ask the same', async () => {
  const { ask, clock, exchange } = setUp({ upstreams: [first] });
  const waiting = Array.from({ length: 8_192 }, () => ask('slow.example.com'));
  assert.equal((await ask('slow.example.com')).rcode, 'SERVFAIL');
  assert.equal(exchange.asked.length, 1);
  await clock.advance(4_000);
  await Promise.all(waiting);
  exchange.servers.set(first.address, addressServer('203.0.113.1'));
  assert.deepEqual(data(await ask('slow.example.com')), ['203.0.113.1']);
});

test('bytes that are no letters reach the server as they are', async () => {
  const { exchange, ask } = setUp({ upstreams: [first] });
  const name = Buffer.from([1, 0xc9, 1, 0x41, 0]);
  exchange.servers.set(first.address, query => {
    assert.deepEqual(query.subarray(12, 17), Buffer.from([1, 0xc9, 1, 0x61, 0]));
    return new Error('seen');
  });
  const query = packet.encode({ type: 'query', id: 99, questions: [{ name: 'a.A', type: 'A' }] });
  name.copy(query, 12);
  await ask('ignored', 'A', { raw: query });
  assert.equal(exchange.asked.length, 1);
});

test('ids are random and the question asks for what fits one packet', async () => {
  const ids = new Set<number>();
  const { exchange, ask } = setUp();
  exchange.servers.set(first.address, (query, protocol) => {
    const { id, additionals } = packet.decode(query);
    ids.add(id!);
    assert.ok(additionals?.[0]?.type === 'OPT' && additionals[0].udpPayloadSize === 1232);
    return addressServer('203.0.113.1')(query, protocol);
  });
  for (let i = 0; i < 32; i++) await ask(`h${i}.example.com`);
  assert.ok(ids.size > 16);
});
