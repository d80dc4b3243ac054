import 'reflect-metadata';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import type { KubeObject, WatchEventOf } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { HttpFailure } from './http-failure.ts';
import { HttpTransport } from './http-transport.ts';

type Handler = (stream: ServerHttp2Stream, path: string, headers: Record<string, unknown>) => void;

interface Server {
  http2: Http2SecureServer;
  url: string;
  sessions: ServerHttp2Session[];
  handler: Handler;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let authority: { pem: string; leaf: (cn: string) => Promise<{ cert: string; key: string }> };
const servers: Server[] = [];
const relays: NetServer[] = [];
const transports: HttpTransport[] = [];

before(async () => {
  authority = await makeAuthority();
});
afterEach(() => {
  for (const transport of transports.splice(0)) transport.close();
});
after(() => {
  for (const relay of relays) relay.close();
  for (const { http2, sessions } of servers) {
    for (const session of sessions) session.destroy();
    http2.close();
  }
});

async function makeAuthority() {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const span = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const common = { ...span, signingAlgorithm: algorithm };
  const basics = new x509.BasicConstraintsExtension(true, undefined, true);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: '01',
    name: 'CN=test-ca',
    keys,
    extensions: [basics],
  });
  let serial = 1;
  const leaf = async (cn: string) => {
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.create({
      ...common,
      serialNumber: String(++serial).padStart(2, '0'),
      subject: `CN=${cn}`,
      issuer: root.subject,
      publicKey: pair.publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const key = x509.PemConverter.encode(
      await crypto.subtle.exportKey('pkcs8', pair.privateKey),
      'PRIVATE KEY',
    );
    return { cert: cert.toString('pem'), key };
  };
  return { pem: root.toString('pem'), leaf };
}

async function serve(handler: Handler): Promise<Server> {
  const http2 = createSecureServer({
    ...(await authority.leaf('server')),
    ca: authority.pem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const server: Server = { http2, url: '', sessions: [], handler };
  http2.on('session', session => {
    server.sessions.push(session);
    session.on('error', () => {});
  });
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    server.handler(stream as ServerHttp2Stream, String(headers[':path']), headers);
  });
  http2.listen(0, '127.0.0.1');
  await once(http2, 'listening');
  server.url = `https://127.0.0.1:${(http2.address() as AddressInfo).port}`;
  servers.push(server);
  return server;
}

async function clientOf(url: string, clock = systemClock, token?: string): Promise<HttpTransport> {
  const identity = token ? { token } : await authority.leaf('system:node:test');
  const transport = new HttpTransport(
    { clock, log: silentLogger },
    { server: url, ca: authority.pem, ...identity },
  );
  transports.push(transport);
  return transport;
}

function answer(stream: ServerHttp2Stream, body: unknown, status = 200): void {
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function bodyOf(stream: ServerHttp2Stream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

test('sends method, path, body and content type, and who it is', async () => {
  const seen: unknown[] = [];
  const server = await serve(async (stream, path, headers) => {
    const socket = stream.session?.socket as unknown as TLSSocket;
    const cn = socket.getPeerCertificate().subject?.CN;
    seen.push([
      headers[':method'],
      path,
      headers['content-type'],
      cn,
      headers.authorization,
      await bodyOf(stream),
    ]);
    answer(stream, { ok: true });
  });
  const client = await clientOf(server.url);
  const merge = 'application/merge-patch+json';
  assert.deepEqual(await client.request({ method: 'GET', path: '/api/v1/pods?limit=5' }), { ok: true });
  await client.request({ method: 'PATCH', path: '/x', body: { a: 'é' }, contentType: merge });
  const withToken = await clientOf(server.url, systemClock, 'secret');
  await withToken.request({ method: 'POST', path: '/y', body: {} });
  assert.deepEqual(seen, [
    ['GET', '/api/v1/pods?limit=5', undefined, 'system:node:test', undefined, ''],
    ['PATCH', '/x', merge, 'system:node:test', undefined, '{"a":"é"}'],
    ['POST', '/y', 'application/json', undefined, 'Bearer secret', '{}'],
  ]);
  assert.equal(server.sessions.length, 2);
});

test('a Status becomes an ApiError, any other failure says its status and path', async () => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Conflict',
    code: 409,
    message: 'no',
  };
  const server = await serve((stream, path) => {
    if (path === '/status') answer(stream, status, 409);
    else answer(stream, 'upstream is away', 502);
  });
  const client = await clientOf(server.url);
  await assert.rejects(client.request({ method: 'GET', path: '/status' }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.code, error.reason, error.message], [409, 'Conflict', 'no']);
    return true;
  });
  await assert.rejects(client.request({ method: 'GET', path: '/other' }), (error: unknown) => {
    assert.ok(error instanceof HttpFailure);
    assert.deepEqual([error.status, error.path], [502, '/other']);
    assert.match(error.message, /upstream is away/);
    return true;
  });
});

async function collect(events: AsyncIterable<WatchEventOf<KubeObject>>, into: string[]): Promise<void> {
  for await (const event of events) into.push(`${event.type} ${event.object.metadata?.name}`);
}

test('a watch yields each event as its line is whole, however the bytes are cut', async () => {
  const server = await serve(async stream => {
    stream.respond({ ':status': 200 });
    const lines = ['a', 'ü', 'c'].map(name => `{"type":"ADDED","object":{"metadata":{"name":"${name}"}}}\n`);
    const bytes = Buffer.from(lines.join(''));
    for (let at = 0; at < bytes.length; at += 7) {
      stream.write(bytes.subarray(at, at + 7));
      await new Promise(resolve => setImmediate(resolve));
    }
    stream.end();
  });
  const seen: string[] = [];
  const client = await clientOf(server.url);
  await collect(client.watch({ method: 'GET', path: '/w' }), seen);
  assert.deepEqual(seen, ['ADDED a', 'ADDED ü', 'ADDED c']);
});

test('an ERROR event and a refused watch are thrown as ApiError', async () => {
  const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' };
  const server = await serve((stream, path) => {
    if (path === '/refused') return answer(stream, gone, 410);
    answer(stream, `${JSON.stringify({ type: 'ERROR', object: gone })}\n`);
  });
  const client = await clientOf(server.url);
  const isGone = (error: unknown) => error instanceof ApiError && error.code === 410;
  await assert.rejects(collect(client.watch({ method: 'GET', path: '/event' }), []), isGone);
  await assert.rejects(collect(client.watch({ method: 'GET', path: '/refused' }), []), isGone);
});

test('the signal ends a watch and a request, and the server sees the stream closed', async () => {
  const closed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const server = await serve((stream, path) => {
    stream.once('close', () => path === '/w' && closed.resolve());
    if (path !== '/w') return begun.resolve();
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
  });
  const client = await clientOf(server.url);
  const watching = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of client.watch({ method: 'GET', path: '/w', signal: watching.signal })) {
      watching.abort(new Error('enough'));
    }
  }, /enough/);
  await closed.promise;
  const asking = new AbortController();
  const asked = client.request({ method: 'GET', path: '/never', signal: asking.signal });
  await begun.promise;
  asking.abort(new Error('no longer'));
  await assert.rejects(asked, /no longer/);
  assert.equal(server.sessions.length, 1);
});

test('a broken connection: a GET is sent again on a new one, a POST fails once and then works again', async () => {
  const paths: string[] = [];
  const server = await serve((stream, path) => {
    paths.push(path);
    if (path.startsWith('/break') && paths.filter(p => p === path).length === 1) stream.session?.destroy();
    else answer(stream, { path });
  });
  const client = await clientOf(server.url);
  assert.deepEqual(await client.request({ method: 'GET', path: '/break/get' }), { path: '/break/get' });
  await assert.rejects(
    client.request({ method: 'POST', path: '/break/post', body: {} }),
    /without an answer/,
  );
  assert.deepEqual(await client.request({ method: 'POST', path: '/ok', body: {} }), { path: '/ok' });
  assert.deepEqual(paths, ['/break/get', '/break/get', '/break/post', '/ok']);
  assert.equal(server.sessions.length, 3);
});

test('an answer that is cut off is a failure, not a shorter answer', async () => {
  const server = await serve(stream => {
    stream.respond({ ':status': 200 });
    stream.write('{"items":[]}');
    stream.session?.destroy();
  });
  const client = await clientOf(server.url);
  await assert.rejects(client.request({ method: 'POST', path: '/x', body: {} }), /cut off|without an answer/);
});

test('after GOAWAY new requests take a new connection and the watch under way goes on', async () => {
  let watch: ServerHttp2Stream | undefined;
  const server = await serve((stream, path) => {
    if (path !== '/w') return answer(stream, {});
    watch = stream;
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
  });
  const client = await clientOf(server.url);
  const events = client.watch({ method: 'GET', path: '/w' })[Symbol.asyncIterator]();
  assert.equal((await events.next()).value?.type, 'ADDED');
  server.sessions[0]?.goaway(0);
  // The client has seen it when a ping behind it is answered.
  await new Promise(resolve => server.sessions[0]?.ping(resolve));
  await client.request({ method: 'GET', path: '/x' });
  assert.equal(server.sessions.length, 2);
  watch?.end('{"type":"MODIFIED","object":{"metadata":{"name":"a"}}}\n');
  assert.equal((await events.next()).value?.type, 'MODIFIED');
  assert.equal((await events.next()).done, true);
});

test('a server that cannot be reached or trusted is named in the error', async () => {
  const server = await serve(stream => answer(stream, {}));
  const stranger = await makeAuthority();
  const distrusting = new HttpTransport(
    { clock: systemClock, log: silentLogger },
    { server: server.url, ca: stranger.pem },
  );
  transports.push(distrusting);
  const failure = /cannot connect to https:\/\/127\.0\.0\.1:\d+/;
  await assert.rejects(distrusting.request({ method: 'GET', path: '/' }), failure);
  server.http2.close();
  await once(server.http2, 'close');
  const client = await clientOf(server.url);
  await assert.rejects(client.request({ method: 'GET', path: '/' }), failure);
});

/** A way to the server that can fall silent without being closed, as a cut link is. */
async function relayTo(server: Server): Promise<{ url: string; freeze: () => void }> {
  const sockets: Socket[] = [];
  const relay = createServer(near => {
    const far = connect(Number(new URL(server.url).port), '127.0.0.1');
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  relays.push(relay);
  const freeze = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { url: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`, freeze };
}

test('a server that falls silent is found out by a ping that is not answered', async () => {
  const clock = new FakeClock();
  const server = await serve(stream => {
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
  });
  const line = await relayTo(server);
  const client = await clientOf(line.url, clock);
  const events = client.watch({ method: 'GET', path: '/w' })[Symbol.asyncIterator]();
  await events.next();
  await clock.advance(30_000);
  line.freeze();
  const broken = assert.rejects(events.next(), /stopped answering/);
  // The first interval notes what came, the next one finds silence and pings.
  await clock.advance(30_000);
  await clock.advance(15_000);
  await broken;
});

test('many requests at once share one connection', async () => {
  const server = await serve((stream, path) => answer(stream, { path }));
  const client = await clientOf(server.url);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => client.request<{ path: string }>({ method: 'GET', path: `/${n}` })),
  );
  assert.deepEqual(
    answers.map(({ path }) => path),
    Array.from({ length: 200 }, (_, n) => `/${n}`),
  );
  assert.equal(server.sessions.length, 1);
});
