import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { bytesOf } from './fake-library.ts';
import { digestOf, mediaTypes } from './manifest.ts';
import { parseReference } from './reference.ts';
import { parseChallenge, RegistryUpstream } from './upstream.ts';

const manifest = '{"schemaVersion":2,"layers":[]}';

async function registry(t: TestContext, answer: RequestListener) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const domain = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new FakeClock();
  const upstream = new RegistryUpstream({ clock }, { plainHttp: () => true });
  return { seen, clock, upstream, domain, reference: parseReference(`${domain}/a/b:1`), server };
}

test('follows the challenge of a registry and keeps the token', async t => {
  const { upstream, reference, seen, domain, clock } = await registry(t, (request, response) => {
    const { url, headers } = request;
    if (url?.startsWith('/token')) return void response.end('{"token":"T","expires_in":100}');
    if (headers.authorization !== 'Bearer T') {
      response.writeHead(401, {
        'www-authenticate': `Bearer realm="http://${headers.host}/token",service="s"`,
      });
      return void response.end();
    }
    response.writeHead(200, { 'content-type': `${mediaTypes.manifest}; charset=utf-8` });
    response.end(manifest);
  });
  const first = await upstream.manifest(reference);
  assert.deepEqual([first.digest, first.mediaType], [digestOf(manifest), mediaTypes.manifest]);
  await upstream.manifest(reference);
  const get = '/v2/a/b/manifests/1';
  const token = '/token?service=s&scope=repository%3Aa%2Fb%3Apull -';
  assert.deepEqual(seen, [`${get} -`, token, `${get} Bearer T`, `${get} Bearer T`]);
  await clock.advance(100_000);
  await upstream.manifest(reference);
  assert.equal(seen.length, 7);
  assert.ok(domain);
});

test('credentials go to the place that gives tokens, or to a registry that asks for them itself', async t => {
  const known = `Basic ${Buffer.from('u:p:w').toString('base64')}`;
  const credentials = { username: 'u', password: 'p:w' };
  const tokens = await registry(t, (request, response) => {
    const { url, headers } = request;
    if (url?.startsWith('/token')) {
      response.writeHead(headers.authorization === known ? 200 : 401);
      return void response.end('{"token":"T"}');
    }
    const granted = headers.authorization === 'Bearer T';
    const realm = `Bearer realm="http://${headers.host}/token"`;
    response.writeHead(granted ? 200 : 401, { 'www-authenticate': realm });
    response.end(manifest);
  });
  await assert.rejects(tokens.upstream.manifest(tokens.reference), { kind: 'unauthorized' });
  await tokens.upstream.manifest(tokens.reference, { credentials });
  await assert.rejects(tokens.upstream.manifest(tokens.reference), { kind: 'unauthorized' });
  const other = { username: 'u', password: 'x' };
  await assert.rejects(tokens.upstream.manifest(tokens.reference, { credentials: other }), {
    kind: 'unauthorized',
  });
  const basic = await registry(t, (request, response) => {
    const granted = request.headers.authorization === known;
    response.writeHead(granted ? 200 : 401, { 'www-authenticate': 'Basic realm="r"' });
    response.end(manifest);
  });
  await assert.rejects(basic.upstream.manifest(basic.reference), { kind: 'unauthorized' });
  await basic.upstream.manifest(basic.reference, { credentials });
  assert.deepEqual(basic.seen.at(-1), `/v2/a/b/manifests/1 ${known}`);
});

test('authorization stays with its host when a blob is elsewhere', async t => {
  const elsewhere = await registry(t, (_, response) => response.end('blob'));
  const { upstream, reference } = await registry(t, (_, response) => {
    response.writeHead(307, { location: `http://${elsewhere.domain}/data` });
    response.end();
  });
  const content = await bytesOf(await upstream.blob(reference, digestOf('blob')));
  assert.equal(content.toString(), 'blob');
  assert.deepEqual(elsewhere.seen, ['/data -']);
});

test('a refusal carries the registry’s words', async t => {
  const { upstream, reference, domain } = await registry(t, (_, response) => {
    response.writeHead(404);
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await assert.rejects(upstream.manifest(reference), {
    kind: 'refused',
    message: `${domain} answers 404: manifest unknown`,
  });
});

test('a manifest of another digest than asked for is refused', async t => {
  const { upstream, reference } = await registry(t, (_, response) => response.end(manifest));
  const pinned = { ...reference, digest: digestOf('other') };
  await assert.rejects(upstream.manifest(pinned), { kind: 'refused', message: /another digest/ });
});

test('a registry that cannot be reached is left alone for a while', async t => {
  let failing = true;
  const { upstream, reference, seen, clock } = await registry(t, (request, response) => {
    if (failing) request.socket.destroy();
    else response.end(manifest);
  });
  await assert.rejects(upstream.manifest(reference), { kind: 'unreachable' });
  failing = false;
  await assert.rejects(upstream.manifest(reference), { kind: 'unreachable', message: /lately/ });
  assert.equal(seen.length, 1);
  await clock.advance(61_000);
  assert.equal((await upstream.manifest(reference)).digest, digestOf(manifest));
});

test('a registry that does not answer in time cannot be reached', async t => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { upstream, reference, clock } = await registry(t, () => resolve());
  const asked = assert.rejects(upstream.manifest(reference), { kind: 'unreachable' });
  await promise;
  await clock.advance(5_000);
  await asked;
});

test('challenges are read with and without quotes', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/t",service=s,scope="x:y:pull,push"'), {
    realm: 'https://a/t',
    service: 's',
    scope: 'x:y:pull,push',
  });
  assert.equal(parseChallenge('Basic realm="a"'), undefined);
});
