import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import packet from 'dns-packet';
import { socketExchange } from './exchange.ts';

const query = packet.encode({ type: 'query', id: 7, questions: [{ name: 'Example.com', type: 'A' }] });
const answer = packet.encode({ type: 'response', id: 7, questions: [{ name: 'Example.com', type: 'A' }] });
const forged = [
  packet.encode({ type: 'response', id: 8, questions: [{ name: 'Example.com', type: 'A' }] }),
  packet.encode({ type: 'response', id: 7, questions: [{ name: 'example.com', type: 'A' }] }),
  packet.encode({ type: 'query', id: 7, questions: [{ name: 'Example.com', type: 'A' }] }),
  packet.encode({ type: 'response', id: 7, questions: [] }),
  Buffer.alloc(5),
];

async function udpServer(t: TestContext, reply: (send: (message: Buffer) => void, from: RemoteInfo) => void) {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (_, from) => reply(message => socket.send(message, from.port, from.address), from));
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  return { address: '127.0.0.1', port: socket.address().port };
}

test('udp: forged answers are passed over, ports differ', async t => {
  const ports = new Set<number>();
  const server = await udpServer(t, (send, from) => {
    ports.add(from.port);
    for (const message of [...forged, answer]) send(message);
  });
  const { signal } = new AbortController();
  for (let i = 0; i < 8; i++) assert.deepEqual(await socketExchange.udp(server, query, signal), answer);
  assert.ok(ports.size > 4);
});

test('udp: an abort ends the wait', async t => {
  const server = await udpServer(t, () => abort.abort(new Error('enough')));
  const abort = new AbortController();
  await assert.rejects(socketExchange.udp(server, query, abort.signal), /enough/);
  await assert.rejects(socketExchange.udp(server, query, AbortSignal.abort(new Error('before'))), /before/);
});

test('tcp: an answer in pieces, a wrong one, and none', async t => {
  const replies: Buffer[][] = [
    [Buffer.of(0), Buffer.of(answer.length), answer],
    [Buffer.of(0, forged[0]!.length), forged[0]!],
    [],
  ];
  const listener = createServer(async socket => {
    for (const piece of replies.shift() ?? []) await new Promise(resolve => socket.write(piece, resolve));
    socket.end();
  });
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => listener.close());
  const server = { address: '127.0.0.1', port: (listener.address() as AddressInfo).port };
  const { signal } = new AbortController();
  assert.deepEqual(await socketExchange.tcp(server, query, signal), answer);
  await assert.rejects(socketExchange.tcp(server, query, signal), /another question/);
  await assert.rejects(socketExchange.tcp(server, query, signal), /closed/);
});
