import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { ObjectReader } from '../admission/object-reader.ts';
import { encodeObject } from '../objects/encoding.ts';
import { seededRandom } from '../random.ts';
import { startApi, type TestApi } from '../testing/api.ts';
import { TestAuthority } from '../testing/pki.ts';
import { WebhookServer } from '../testing/webhook-server.ts';
import { WebhookCallError, WebhookClient } from './webhook-client.ts';
import { shownUrl } from './webhook-target.ts';

let api: TestApi;
let authority: TestAuthority;
let server: WebhookServer;
let client: WebhookClient;
let caBundle: string;

before(async () => {
  api = await startApi();
  authority = await TestAuthority.create();
  caBundle = Buffer.from(authority.cert).toString('base64');
  const serving = await authority.issue('CN=hook', ['127.0.0.1', 'hook.default.svc']);
  server = await WebhookServer.start(serving, () => ({ body: { ok: true } }));
});
beforeEach(() => {
  client = new WebhookClient({
    clock: systemClock,
    reader: new ObjectReader(api.store),
    random: seededRandom(1),
  });
  server.answer = () => ({ body: { ok: true } });
  server.received.length = 0;
});
after(async () => {
  await server.stop();
  await api.stop();
});

async function failure(work: Promise<unknown>): Promise<WebhookCallError> {
  const error = await work.then(
    () => undefined,
    error => error,
  );
  assert.ok(error instanceof WebhookCallError, String(error));
  return error;
}

const byUrl = () => ({ url: `${server.url}/check`, caBundle });
const post = (config: object, timeoutSeconds = 5) => client.post({ config, body: { a: 1 }, timeoutSeconds });

test('posts JSON and reads JSON, over one connection', async () => {
  const before = server.connections;
  assert.deepEqual(await post(byUrl()), { ok: true });
  assert.deepEqual(await post(byUrl()), { ok: true });
  assert.equal(server.connections, before + 1);
  const { path, body, headers } = server.received[0]!;
  assert.deepEqual({ path, body }, { path: '/check?timeout=5s', body: { a: 1 } });
  assert.equal(headers['content-type'], 'application/json');
  client.close();
});

test('a kept connection that was closed in the meantime is replaced', async () => {
  await post(byUrl());
  server.closeIdle();
  assert.deepEqual(await post(byUrl()), { ok: true });
  client.close();
});

test('a Service leads to a ready endpoint, under the name of the Service', async () => {
  const metadata = { name: 'hook' };
  const ports = [{ name: 'https', port: 8443, targetPort: 443 }];
  await api.post('/api/v1/namespaces/default/services', { metadata, spec: { ports } });
  const config = { service: { namespace: 'default', name: 'hook', port: 8443, path: '/x' }, caBundle };
  const shown = 'Post "https://hook.default.svc:8443/x?timeout=5s": ';
  assert.equal((await failure(post(config))).message, `${shown}no endpoints available for service "hook"`);
  // Straight into the store: validation refuses loopback addresses.
  const slice = encodeObject({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
    ...{ ports: [{ name: 'https', port: server.port }], addressType: 'IPv4' },
    ...{
      endpoints: [{ addresses: ['127.0.0.2'], conditions: { ready: false } }, { addresses: ['127.0.0.1'] }],
    },
  });
  await api.store.put('/discovery.k8s.io/endpointslices/default/hook-1', slice, 0);
  assert.deepEqual(await post(config), { ok: true });
  assert.equal(server.received[0]!.path, '/x?timeout=5s');
  assert.match(server.received[0]!.headers.host!, /^hook\.default\.svc/);
  const other = { ...config, service: { ...config.service, port: 1 } };
  assert.match((await failure(post(other))).message, /no service port 1 found for service "hook"/);
  const gone = { ...config, service: { ...config.service, name: 'gone' } };
  assert.equal(
    (await failure(post(gone))).message,
    'Post "https://gone.default.svc:8443/x?timeout=5s": service "gone" not found',
  );
  client.close();
});

test('the URL shown names port 443 of a Service', () => {
  const service = { namespace: 'ns', name: 'svc' };
  assert.equal(shownUrl({ service }, 10), 'https://svc.ns.svc:443/?timeout=10s');
  assert.equal(shownUrl({ url: 'https://h.example/p' }, 3), 'https://h.example/p?timeout=3s');
});

test('no answer in time', async () => {
  server.answer = () => ({ body: undefined });
  const error = await failure(post(byUrl(), 0.2));
  assert.equal(error.timedOut, true);
  assert.equal(error.message, `Post "${server.url}/check?timeout=0.2s": context deadline exceeded`);
  client.close();
});

test('a certificate nobody vouches for, and one for another name', async () => {
  const stranger = await TestAuthority.create();
  const strange = { ...byUrl(), caBundle: Buffer.from(stranger.cert).toString('base64') };
  assert.match(
    (await failure(post(strange))).message,
    /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
  );
  const named = { ...byUrl(), url: `https://localhost:${server.port}/` };
  assert.match(
    (await failure(post(named))).message,
    /x509: certificate is valid for 127\.0\.0\.1, hook\.default\.svc, not localhost$/,
  );
  const broken = { ...byUrl(), caBundle: 'bm90IHBlbQ==' };
  assert.match((await failure(post(broken))).message, /unable to parse bytes as PEM block/);
});

test('nobody listens, or something else does', async () => {
  const plain = createServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as { port: number };
  const config = { url: `https://127.0.0.1:${port}/`, caBundle };
  assert.match((await failure(post(config))).message, /server gave HTTP response to HTTPS client$/);
  await new Promise(resolve => plain.close(resolve));
  assert.equal(
    (await failure(post(config))).message,
    `Post "https://127.0.0.1:${port}/?timeout=5s": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  );
});

const refusedAnswers: [status: number, body: unknown, message: RegExp][] = [
  [404, 'page not found', /^the server could not find the requested resource$/],
  [500, 'boom', /^an error on the server \("boom"\) has prevented the request from succeeding$/],
  [403, 'go away', /^go away$/],
  [409, { kind: 'Status', message: 'own words' }, /^own words$/],
  [200, 'no json', /^the webhook's answer is no JSON: /],
  [200, [], /^the webhook's answer is no JSON object$/],
];
for (const [status, body, message] of refusedAnswers) {
  test(`an answer ${status} ${JSON.stringify(body)}`, async () => {
    server.answer = () => ({ status, body });
    assert.match((await failure(post(byUrl()))).message, message);
    client.close();
  });
}

test('an answer without end is cut off', async () => {
  server.answer = () => ({ body: { text: 'x'.repeat(5000) } });
  const call = { config: byUrl(), body: {}, timeoutSeconds: 5, maxAnswerBytes: 4096 };
  assert.match((await failure(client.post(call))).message, /larger than 4096 bytes/);
  client.close();
});
