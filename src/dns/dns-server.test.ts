import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import packet from 'dns-packet';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { DnsServer, type DnsServerOptions } from './dns-server.ts';
import { FakeCluster } from './fake-cluster.ts';
import { decodeAnswer } from './test-message.ts';

type Protocol = 'udp' | 'tcp';
const protocols: Protocol[] = ['udp', 'tcp'];

async function startServer(t: TestContext, options: Partial<DnsServerOptions> = {}) {
  const cluster = new FakeCluster('default');
  cluster.service('default/web', { clusterIPs: ['10.96.0.20', 'fd00::20'] }, 'http:80');
  cluster.service('default/many', { clusterIP: 'None' }, 'http:80');
  const addresses = Array.from({ length: 60 }, (_, i) => `10.244.0.${i + 1}`);
  cluster.slice('default/many', 'm', addresses, 'http:80');
  cluster.service('default/few', { clusterIP: 'None' }, 'http:80');
  cluster.slice('default/few', 'f', addresses.slice(0, 3), 'http:80');
  const server = new DnsServer(
    { clock: systemClock, log: silentLogger, ...cluster },
    { domain: 'cluster.local', listen: [{ address: '127.0.0.1', port: 0 }], serverAddresses: [], ...options },
  );
  await server.start(new AbortController().signal);
  t.after(() => server.stop());
  const { port } = server.listening[0]!;
  const raw = (protocol: Protocol, message: Buffer) =>
    protocol === 'udp' ? overUdp(port, message) : overTcp(port, message);
  const ask = async (
    protocol: Protocol,
    name: string,
    query: Partial<packet.Packet> & { recordType?: packet.RecordType } = {},
  ) => {
    const { recordType = 'A', ...rest } = query;
    const encoded = packet.encode({
      type: 'query',
      id: 4711,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name, type: recordType }],
      ...rest,
    });
    const answer = await raw(protocol, encoded);
    return Object.assign(decodeAnswer(answer), { bytes: answer });
  };
  return { server, cluster, port, raw, ask };
}

function overUdp(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.on('message', answer => {
      socket.close();
      resolve(answer);
    });
    socket.send(message, port, '127.0.0.1');
  });
}

async function overTcp(port: number, ...messages: Buffer[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.concat(messages.map(framed)));
  const [answer] = await readFramed(socket, 1);
  socket.destroy();
  return answer!;
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
}

/** Resolves with `count` messages, or with those that came before the server closed the connection. */
function readFramed(socket: Socket, count: number): Promise<Buffer[]> {
  return new Promise(resolve => {
    const found: Buffer[] = [];
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => resolve(found));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        found.push(received.subarray(2, end));
        received = received.subarray(end);
      }
      if (found.length >= count) resolve(found);
    });
  });
}

const web = 'web.default.svc.cluster.local';
const opt = (udpPayloadSize: number, ednsVersion = 0): packet.Packet => ({
  additionals: [
    {
      name: '.',
      type: 'OPT',
      udpPayloadSize,
      extendedRcode: 0,
      ednsVersion,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
});

for (const protocol of protocols) {
  test(`${protocol}: an address with its flags, id and question`, async t => {
    const { ask } = await startServer(t);
    for (const round of ['made', 'from the template']) {
      const answer = await ask(protocol, web);
      assert.equal(answer.id, 4711, round);
      assert.deepEqual(answer.questions, [{ name: web, type: 'A', class: 'IN' }]);
      assert.deepEqual(
        answer.answers?.map(a => ('data' in a ? [a.name, 'ttl' in a && a.ttl, a.data] : [])),
        [[web, 30, '10.96.0.20']],
      );
      assert.equal(answer.bytes.readUInt16BE(2), 0x8580);
      assert.equal(answer.additionals?.length, 0);
    }
  });

  test(`${protocol}: the case of the question is repeated, in the question only`, async t => {
    const { ask } = await startServer(t);
    await ask(protocol, web);
    for (const name of ['WeB.dEfault.svc.cluster.LOCAL', 'wEb.Default.svc.Cluster.local']) {
      const answer = await ask(protocol, name);
      assert.equal(answer.questions?.[0]?.name, name);
      assert.equal(answer.answers?.[0]?.name, name);
      assert.equal(answer.answers?.length, 1);
    }
  });

  test(`${protocol}: what is not there has an SOA record`, async t => {
    const { ask } = await startServer(t);
    const missing = await ask(protocol, 'none.default.svc.cluster.local');
    assert.equal(missing.rcode, 'NXDOMAIN');
    const noData = await ask(protocol, web, { recordType: 'TXT' });
    assert.equal(noData.rcode, 'NOERROR');
    for (const { authorities, answers } of [missing, noData]) {
      assert.deepEqual(answers, []);
      const [soa] = authorities ?? [];
      assert.ok(soa?.type === 'SOA');
      assert.deepEqual([soa.name, soa.ttl, soa.data.minimum], ['cluster.local', 5, 5]);
    }
  });

  test(`${protocol}: EDNS is answered, another version of it refused`, async t => {
    const { ask } = await startServer(t);
    const answer = await ask(protocol, web, opt(4096));
    assert.deepEqual(
      answer.additionals?.map(a => a.type === 'OPT' && a.udpPayloadSize),
      [1232],
    );
    assert.equal(answer.answers?.length, 1);
    const refused = await ask(protocol, web, opt(4096, 1));
    assert.ok(refused.additionals?.[0]?.type === 'OPT');
    assert.equal(refused.additionals[0].extendedRcode, 1);
    assert.equal(refused.bytes[3]! & 0xf, 0);
    assert.equal(refused.answers?.length, 0);
  });

  test(`${protocol}: an answer holds until what it comes from changes`, async t => {
    const { ask, cluster } = await startServer(t);
    const addresses = async () =>
      (await ask(protocol, 'new.default.svc.cluster.local')).answers?.map(a => 'data' in a && a.data);
    assert.deepEqual(await addresses(), []);
    cluster.service('default/new', { clusterIPs: ['10.96.0.30'] }, '80');
    assert.deepEqual(await addresses(), ['10.96.0.30']);
    cluster.service('default/new', { clusterIPs: ['10.96.0.31'] }, '80');
    assert.deepEqual(await addresses(), ['10.96.0.31']);
    cluster.services.remove('default/new');
    assert.deepEqual(await addresses(), []);
  });

  test(`${protocol}: addresses of a headless Service come in turning order`, async t => {
    const { ask } = await startServer(t);
    const firsts = new Set<unknown>();
    for (let i = 0; i < 6; i++) {
      const { answers } = await ask(protocol, 'few.default.svc.cluster.local');
      const data = answers?.map(a => 'data' in a && a.data) ?? [];
      assert.deepEqual([...data].sort(), ['10.244.0.1', '10.244.0.2', '10.244.0.3']);
      firsts.add(data[0]);
    }
    assert.equal(firsts.size, 3);
  });

  test(`${protocol}: other names are refused where nobody can be asked`, async t => {
    const { ask } = await startServer(t);
    assert.equal((await ask(protocol, 'example.com')).rcode, 'REFUSED');
    assert.equal((await ask(protocol, web, { recordType: 'AXFR' })).rcode, 'REFUSED');
    assert.equal(
      (await ask(protocol, web, { questions: [{ name: web, type: 'A', class: 'CH' }] })).rcode,
      'REFUSED',
    );
  });

  test(`${protocol}: malformed queries get FORMERR, other opcodes NOTIMP`, async t => {
    const { raw } = await startServer(t);
    const query = packet.encode({ type: 'query', id: 7, questions: [{ name: web, type: 'A' }] });
    const rows: [string, Buffer, number][] = [
      ['a header alone', query.subarray(0, 12), 1],
      ['a question cut short', query.subarray(0, query.length - 1), 1],
      ['two questions', changed(query, 5, 2), 1],
      ['an answer in the query', changed(query, 7, 1), 1],
      ['a record that is not there', changed(query, 11, 1), 1],
      ['a pointer in the question', changed(query, 12, 0xc0), 1],
      ['a label too long', changed(query, 12, 64), 1],
      ['an update', changed(query, 2, 0x28), 4],
      ['a name too long', longName(), 1],
    ];
    for (const [what, message, code] of rows) {
      const answer = await raw(protocol, message);
      assert.equal(answer.readUInt16BE(0), 7, what);
      assert.equal(answer[3]! & 0xf, code, what);
      assert.ok(answer[2]! & 0x80, what);
    }
  });
}

function changed(message: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = value;
  return copy;
}

function longName(): Buffer {
  const label = Buffer.concat([Buffer.of(63), Buffer.alloc(63, 'a')]);
  return Buffer.concat([
    Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    label,
    label,
    label,
    label,
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
}

test('names that do not exist are answered alike at every length', async t => {
  const { ask } = await startServer(t);
  for (let length = 1; length < 220; length++) {
    const labels = 'x'.repeat(length).match(/.{1,60}/g)!;
    const name = `${labels.join('.')}.cluster.local`;
    const { rcode, questions, authorities, answers } = await ask('udp', name.replace('xx', 'xX'));
    assert.deepEqual(
      [rcode, questions?.[0]?.name, answers?.length],
      ['NXDOMAIN', name.replace('xx', 'xX'), 0],
    );
    const [soa] = authorities ?? [];
    assert.ok(
      soa?.type === 'SOA' &&
        soa.data.mname === 'ns.dns.cluster.local' &&
        soa.data.rname === 'hostmaster.cluster.local',
    );
    assert.equal(soa.name.toLowerCase(), 'cluster.local');
  }
});

test('udp: what does not fit is truncated, and whole over TCP and EDNS where it fits there', async t => {
  const { ask } = await startServer(t);
  const many = 'many.default.svc.cluster.local';
  const plain = await ask('udp', many);
  assert.ok(plain.flag_tc);
  assert.ok(plain.bytes.length <= 512);
  const tcp = await ask('tcp', many);
  assert.equal(tcp.answers?.length, 60);
  assert.equal(tcp.flag_tc, false);
  assert.equal((await ask('udp', many, opt(4096))).answers?.length, 60);
  assert.ok((await ask('udp', many, opt(600))).flag_tc);
  assert.ok((await ask('udp', many, { ...opt(4096), questions: [{ name: many, type: 'SRV' }] })).flag_tc);
});

test('udp: answers and what is too short are dropped', async t => {
  const { ask, port, server } = await startServer(t);
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const stray: Buffer[] = [];
  socket.on('message', message => stray.push(message));
  const query = packet.encode({ type: 'query', id: 7, questions: [{ name: web, type: 'A' }] });
  for (const message of [changed(query, 2, 0x80), Buffer.alloc(11), Buffer.alloc(0)]) {
    await new Promise(resolve => socket.send(message, port, '127.0.0.1', resolve));
  }
  // One socket's packets are handled in order: after this answer the others would have come.
  await ask('udp', web);
  assert.deepEqual(stray, []);
  assert.match(server.metrics(), /causeway_dns_dropped_total\{proto="udp"\} 3/);
});

test('tcp: queries in one piece or byte by byte are all answered', async t => {
  const { port } = await startServer(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.setNoDelay(true);
  const messages = Array.from({ length: 100 }, (_, id) =>
    framed(packet.encode({ type: 'query', id, questions: [{ name: web, type: 'A' }] })),
  );
  const answers = readFramed(socket, 101);
  socket.write(Buffer.concat(messages));
  const last = framed(packet.encode({ type: 'query', id: 100, questions: [{ name: web, type: 'A' }] }));
  for (const byte of last) await new Promise(resolve => socket.write(Buffer.of(byte), resolve));
  assert.deepEqual(
    (await answers).map(answer => answer.readUInt16BE(0)),
    Array.from({ length: 101 }, (_, id) => id),
  );
});

test('tcp: a message too long, an answer, or silence ends the connection', async t => {
  const { port } = await startServer(t, { tcpLimits: { idle: 50 } });
  const response = packet.encode({ type: 'response', id: 1, questions: [{ name: web, type: 'A' }] });
  for (const bytes of [Buffer.from([0xff, 0xff, 0]), framed(response), Buffer.alloc(0), Buffer.of(0)]) {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    assert.deepEqual(await readFramed(socket, 1), []);
  }
});

test('tcp: no more connections than the limit', async t => {
  const { port, ask } = await startServer(t, { tcpLimits: { connections: 2 } });
  const held = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<Socket>(resolve => {
          const socket = connect(port, '127.0.0.1', () => resolve(socket));
        }),
    ),
  );
  const third = connect(port, '127.0.0.1');
  assert.deepEqual(await readFramed(third, 1), []);
  for (const socket of held) await new Promise(resolve => socket.on('close', resolve).destroy());
  assert.equal((await ask('udp', web)).answers?.length, 1);
});

test('before the first list the cluster’s names fail, and never are said not to exist', async t => {
  const cluster = new FakeCluster('default');
  Object.defineProperty(cluster.services, 'synced', { value: false, configurable: true });
  const server = new DnsServer(
    { clock: systemClock, log: silentLogger, ...cluster },
    { domain: 'cluster.local', listen: [{ address: '127.0.0.1', port: 0 }], serverAddresses: [] },
  );
  await server.start(new AbortController().signal);
  t.after(() => server.stop());
  const query = packet.encode({ type: 'query', id: 1, questions: [{ name: web, type: 'A' }] });
  const answer = decodeAnswer(await overUdp(server.listening[0]!.port, query));
  assert.equal(answer.rcode, 'SERVFAIL');
});

test('metrics are served over HTTP', async t => {
  const { server, ask } = await startServer(t, { metrics: [{ address: '127.0.0.1', port: 0 }] });
  await ask('udp', web);
  const at = `http://127.0.0.1:${server.metricsPorts[0]}`;
  const answer = await fetch(`${at}/metrics`);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(
    await answer.text(),
    /^causeway_dns_answers_total\{proto="udp",type="A",rcode="NOERROR"\} 1$/m,
  );
  assert.equal((await fetch(`${at}/other`)).status, 404);
  assert.equal((await fetch(`${at}/metrics`, { method: 'POST' })).status, 405);
});

test('an address in use is told', async t => {
  const { port, cluster } = await startServer(t);
  const second = new DnsServer(
    { clock: systemClock, log: silentLogger, ...cluster },
    { domain: 'cluster.local', listen: [{ address: '127.0.0.1', port }], serverAddresses: [] },
  );
  await assert.rejects(second.start(new AbortController().signal), {
    message: `DNS cannot listen on 127.0.0.1:${port}`,
  });
});
