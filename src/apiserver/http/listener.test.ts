import assert from 'node:assert/strict';
import { connect as http2Connect } from 'node:http2';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { textResponse } from '../exchange.ts';
import { TestAuthority } from '../testing/pki.ts';
import { FlushQueue } from './flush-queue.ts';
import { Listener } from './listener.ts';

test('a client that never ends its header is sent away, and stop leaves nothing open', async () => {
  const authority = await TestAuthority.create();
  const tls = { ...(await authority.issue('CN=server', ['127.0.0.1'])), clientCa: authority.cert };
  const listener = new Listener(
    {
      clock: systemClock,
      log: silentLogger,
      handle: async () => textResponse(200, 'ok'),
      upgrade: async () => {},
    },
    { addresses: ['127.0.0.1'], port: 0, tls, headersTimeout: 200 },
  );
  await listener.start();
  const open = () =>
    connect({ host: '127.0.0.1', port: listener.port, ca: authority.cert, ALPNProtocols: ['http/1.1'] });
  const slow = open();
  slow.write('GET / HTTP/1.1\r\nHost: x\r\n');
  const answer = await new Promise<string>(resolve => slow.once('data', chunk => resolve(String(chunk))));
  assert.match(answer, /^HTTP\/1\.1 408 /);
  const idle = open();
  await new Promise(resolve => idle.once('secureConnect', resolve));
  const closed = new Promise(resolve => idle.once('close', resolve));
  idle.on('error', () => {});
  await listener.stop();
  await closed;
});

test('a flush queue calls each once, in order, a bounded number a turn', async () => {
  const queue = new FlushQueue();
  const called: number[] = [];
  for (let i = 0; i < 600; i++) queue.add(() => called.push(i));
  assert.equal(called.length, 0);
  const perTurn: number[] = [];
  while (called.length < 600) {
    const before = called.length;
    await new Promise(resolve => setImmediate(resolve));
    perTurn.push(called.length - before);
  }
  assert.deepEqual(
    called,
    Array.from({ length: 600 }, (_, i) => i),
  );
  assert.ok(Math.max(...perTurn) <= 250, String(perTurn));
});

test('an answer under way is finished before the listener stops', async () => {
  const authority = await TestAuthority.create();
  const tls = { ...(await authority.issue('CN=server', ['127.0.0.1'])), clientCa: authority.cert };
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const handle = async () => {
    asked.resolve();
    await answer.promise;
    return textResponse(200, 'in time');
  };
  const listener = new Listener(
    { clock: systemClock, log: silentLogger, handle, upgrade: async () => {} },
    { addresses: ['127.0.0.1'], port: 0, tls },
  );
  await listener.start();
  const session = http2Connect(`https://127.0.0.1:${listener.port}`, { ca: authority.cert });
  const stream = session.request({ ':path': '/' });
  await asked.promise;
  const stopped = listener.stop();
  answer.resolve();
  let text = '';
  for await (const chunk of stream) text += chunk;
  assert.equal(text, 'in time');
  await stopped;
  session.close();
});
