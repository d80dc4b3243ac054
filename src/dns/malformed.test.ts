import assert from 'node:assert/strict';
import { test } from 'node:test';
import packet from 'dns-packet';
import { FakeClock } from '../base/fake-clock.ts';
import { ClusterZone } from './cluster-zone.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeExchange } from './fake-exchange.ts';
import { forwardedAnswer } from './forward-cache.ts';
import { Forwarder } from './forwarder.ts';
import { QueryHandler } from './query-handler.ts';
import { RecordIndex } from './record-index.ts';

/** A small generator with a fixed seed (xorshift32): every run sees the same packets. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(message: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.concat([message, Buffer.alloc(random(4) === 0 ? random(40) : 0, random(256))]);
  for (let changes = random(5); changes >= 0; changes--) copy[random(copy.length)] = random(256);
  return copy.subarray(0, random(6) === 0 ? random(copy.length + 1) : copy.length);
}

const queries = [
  'web.default.svc.cluster.local',
  'db.default.svc.cluster.local',
  'www.example.com',
  '1.0.244.10.in-addr.arpa',
  '',
].flatMap(name =>
  (['A', 'SRV', 'PTR', 'AAAA'] as const).map(type =>
    packet.encode({
      type: 'query',
      id: 1,
      questions: [{ name, type }],
      additionals: [
        {
          name: '.',
          type: 'OPT',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  ),
);

test('20,000 malformed queries: no throw, and every answer is one', async () => {
  const random = generator(20260101);
  const cluster = new FakeCluster('default');
  cluster.service('default/web', { clusterIPs: ['10.96.0.20'] }, 'http:80');
  cluster.service('default/db', { clusterIP: 'None' }, 'sql:5432');
  cluster.slice('default/db', 'd', ['10.244.0.1=db-0', '10.244.0.2'], 'sql:5432');
  const index = new RecordIndex();
  for (const namespace of cluster.namespaces.list()) index.setNamespace(namespace);
  for (const service of cluster.services.list()) index.setService(service);
  for (const slice of cluster.endpointSlices.list()) index.setSlice(slice);
  const clock = new FakeClock();
  const metrics = new DnsMetrics();
  const exchange = new FakeExchange();
  exchange.servers.set('192.0.2.1', query => {
    const answer = mutate(query, random);
    if (answer.length > 2) answer[2] = answer[2]! | 0x80;
    return answer.length >= 12 ? answer : new Error('nothing');
  });
  const forwarder = new Forwarder(
    { clock, exchange, metrics },
    { upstreams: [{ address: '192.0.2.1', port: 53 }] },
  );
  const zone = new ClusterZone(index, {
    domain: 'cluster.local',
    ttl: 30,
    negativeTtl: 5,
    serverAddresses: [],
  });
  const handler = new QueryHandler({ index, zone, metrics, forwarder, ready: () => true });
  let answered = 0;
  for (let round = 0; round < 20_000; round++) {
    const query = mutate(queries[random(queries.length)]!, random);
    const protocol = random(2) === 0 ? 'udp' : 'tcp';
    const answer = await handler.handle(query, protocol);
    if (!answer) continue;
    answered++;
    assert.ok(answer.length >= 12 && answer.length <= (protocol === 'udp' ? 1232 : 0xffff));
    assert.deepEqual(answer.subarray(0, 2), query.subarray(0, 2));
    assert.ok(answer[2]! & 0x80);
  }
  assert.ok(answered > 10_000);
});

test('20,000 malformed answers of servers: no throw, no read outside of them', () => {
  const random = generator(4711);
  const good = packet.encode({
    type: 'response',
    id: 1,
    questions: [{ name: 'a.example.com', type: 'A' }],
    answers: [
      { name: 'a.example.com', type: 'CNAME', ttl: 5, data: 'b.example.com' },
      { name: 'b.example.com', type: 'A', ttl: 5, data: '203.0.113.1' },
    ],
    authorities: [{ name: 'example.com', type: 'NS', data: 'ns.example.com' }],
    additionals: [
      {
        name: '.',
        type: 'OPT',
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const message = mutate(good, random);
    if (message.length < 12) continue;
    if (forwardedAnswer(message, 0)) taken++;
  }
  assert.ok(taken > 100);
});
