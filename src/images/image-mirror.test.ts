import assert from 'node:assert/strict';
import { request } from 'node:https';
import { before, type TestContext, test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { bytesOf, testLibrary } from './fake-library.ts';
import { hostsTomlPath, renderHostsToml } from './hosts-toml.ts';
import { ImageMirror, parseRange } from './image-mirror.ts';
import { digestOf, type Manifest, mediaTypes } from './manifest.ts';
import { parseReference } from './reference.ts';
import { testCertificates } from './test-certificates.ts';

let certificates: Awaited<ReturnType<typeof testCertificates>>;
before(async () => {
  certificates = await testCertificates();
});

async function startMirror(t: TestContext) {
  const made = await testLibrary(t, { upstream: true });
  made.upstream.reachable = false;
  const tls = { ...certificates.server, clientCa: certificates.ca };
  const mirror = new ImageMirror(
    { library: made.library, log: silentLogger },
    { host: '127.0.0.1', port: 0, tls },
  );
  await mirror.start(new AbortController().signal);
  t.after(() => mirror.stop());
  const ask = (
    method: string,
    path: string,
    options: { headers?: Record<string, string>; anonymous?: boolean } = {},
  ) =>
    new Promise<{ status: number; reason: string; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
      (resolve, reject) => {
        const { headers, anonymous } = options;
        const sent = request(
          {
            host: '127.0.0.1',
            port: mirror.port,
            path,
            method,
            headers,
            ca: certificates.ca,
            agent: false,
            ...(!anonymous && certificates.client),
          },
          response => {
            const { statusCode = 0, statusMessage = '' } = response;
            bytesOf(response).then(
              body => resolve({ status: statusCode, reason: statusMessage, headers: response.headers, body }),
              reject,
            );
          },
        );
        sent.once('error', reject);
        sent.end();
      },
    );
  return { ...made, mirror, ask };
}

test('a client without a certificate gets nothing', async t => {
  const { ask } = await startMirror(t);
  await assert.rejects(ask('GET', '/v2/', { anonymous: true }));
  assert.equal((await ask('GET', '/v2/')).status, 200);
});

test('who asks for what a registry gives to some only is asked who that is', async t => {
  const { ask, upstream } = await startMirror(t);
  upstream.reachable = true;
  const digest = upstream.add(parseReference('quay.io/team/app:1'), ['layer']);
  upstream.password = 'secret';
  const path = '/v2/team/app/manifests/1?ns=quay.io';
  const as = (password: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`u:${password}`).toString('base64')}` },
  });
  const unknown = await ask('HEAD', path);
  assert.deepEqual(
    [unknown.status, unknown.headers['www-authenticate']],
    [401, 'Basic realm="the registry of the image"'],
  );
  assert.equal(unknown.reason, 'image "quay.io/team/app:1" cannot be pulled: quay.io answers 401');
  const wrong = await ask('HEAD', path, as('other'));
  assert.deepEqual([wrong.status, wrong.headers['www-authenticate']], [403, undefined]);
  const right = await ask('HEAD', path, as('secret'));
  assert.deepEqual([right.status, right.headers['docker-content-digest']], [200, digest]);
  assert.equal((await ask('HEAD', path)).status, 401);
});

test('a manifest by tag and by digest, its blobs whole and in part', async t => {
  const { ask } = await startMirror(t);
  const head = await ask('HEAD', '/v2/library/web/manifests/latest?ns=docker.io');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-type'], mediaTypes.manifest);
  const digest = head.headers['docker-content-digest'] as string;
  const got = await ask('GET', `/v2/library/web/manifests/${digest}?ns=docker.io`);
  assert.equal(digestOf(got.body), digest);
  assert.equal(got.body.length, Number(head.headers['content-length']));
  const manifest = JSON.parse(got.body.toString()) as Manifest;
  const layer = manifest.layers[1]!;
  const path = `/v2/library/web/blobs/${layer.digest}?ns=docker.io`;
  const whole = await ask('GET', path);
  assert.equal(digestOf(whole.body), layer.digest);
  const part = await ask('GET', path, { headers: { range: 'bytes=512-1023' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers['content-range'], `bytes 512-1023/${layer.size}`);
  assert.deepEqual(part.body, whole.body.subarray(512, 1024));
  assert.equal((await ask('GET', path, { headers: { range: `bytes=${layer.size}-` } })).status, 416);
});

test('a name may carry its registry where no namespace is given', async t => {
  const { ask } = await startMirror(t);
  assert.equal((await ask('HEAD', '/v2/k8s.gcr.io/web/manifests/1.10')).status, 200);
  assert.equal((await ask('HEAD', '/v2/library/web/manifests/1')).status, 200);
});

test('a blob is pulled through and then served from the store', async t => {
  const { ask, upstream } = await startMirror(t);
  upstream.reachable = true;
  upstream.add({ domain: 'quay.io', path: 'a/b', tag: '1' }, ['layer']);
  assert.equal((await ask('GET', '/v2/a/b/manifests/1?ns=quay.io')).status, 200);
  const path = `/v2/a/b/blobs/${digestOf('layer')}?ns=quay.io`;
  assert.equal((await ask('GET', path)).body.toString(), 'layer');
  upstream.reachable = false;
  assert.equal((await ask('GET', path)).body.toString(), 'layer');
});

const refusals: [string, string, string, number, RegExp][] = [
  ['an unknown image', 'GET', '/v2/library/ghost/manifests/1', 404, /"ghost:1" is neither imported/],
  ['an unknown blob', 'GET', `/v2/library/web/blobs/${digestOf('x')}?ns=docker.io`, 502, /no route/],
  ['a digest that is none', 'GET', '/v2/library/web/blobs/sha256:1', 400, /no digest/],
  ['a bad name', 'GET', '/v2/library/Web/manifests/1', 400, /must be lowercase/],
  ['a write', 'PUT', '/v2/library/web/manifests/1', 405, /read-only/],
  ['a path beside', 'GET', '/v1/x', 404, /no such path/],
];
for (const [what, method, path, status, message] of refusals) {
  test(`${what} is answered ${status}`, async t => {
    const { ask, upstream } = await startMirror(t);
    upstream.reachable = false;
    const answer = await ask(method, path);
    assert.equal(answer.status, status);
    assert.match(JSON.parse(answer.body.toString()).errors[0].message, message);
  });
}

test('containerd is told in the reason phrase, because it drops the text of a 404', async t => {
  const { ask } = await startMirror(t);
  const answer = await ask('HEAD', '/v2/library/ghost/manifests/1?ns=docker.io');
  assert.equal(answer.status, 410);
  assert.equal(
    answer.reason,
    'image "ghost:1" is neither imported, nor reachable upstream, nor in the catalog: causeway image import FILE',
  );
});

test('a build that fails is told, too', async t => {
  const { ask, packages } = await startMirror(t);
  packages.failure = new Error('no network');
  const answer = await ask('HEAD', '/v2/library/web/manifests/1?ns=docker.io');
  assert.equal(answer.status, 500);
  assert.equal(answer.reason, 'the stand-in of web cannot be built: no network');
});

const ranges: [string | undefined, ReturnType<typeof parseRange>][] = [
  [undefined, undefined],
  ['bytes=0-', { start: 0, end: 9 }],
  ['bytes=2-4', { start: 2, end: 4 }],
  ['bytes=2-400', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=5-2', undefined],
  ['bytes=0-1,4-5', undefined],
  ['lines=1-2', undefined],
];
for (const [header, range] of ranges) {
  test(`range ${header}`, () => assert.deepEqual(parseRange(header, 10), range));
}

test('hosts.toml names the mirror as server and as host', () => {
  assert.equal(hostsTomlPath('/n/certs.d'), '/n/certs.d/_default/hosts.toml');
  assert.equal(
    renderHostsToml({
      mirror: 'https://172.30.0.1:5000',
      ca: '/p/ca.crt',
      client: { cert: '/p/n.crt', key: '/p/n.key' },
    }),
    `server = "https://172.30.0.1:5000"
capabilities = ["pull", "resolve"]
ca = "/p/ca.crt"
client = [["/p/n.crt", "/p/n.key"]]

[host."https://172.30.0.1:5000"]
  capabilities = ["pull", "resolve"]
  ca = "/p/ca.crt"
  client = [["/p/n.crt", "/p/n.key"]]
`,
  );
});
