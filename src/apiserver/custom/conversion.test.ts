import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { refusal, startApi, type TestApi } from '../testing/api.ts';
import { crontabs } from '../testing/custom.ts';
import { TestAuthority } from '../testing/pki.ts';
import { WebhookServer } from '../testing/webhook-server.ts';

/** v1 has `host` and `port`, v2 has `hostPort`. */
interface Endpoint {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec: { host?: string; port?: string; hostPort?: string };
}

const group = 'stable.example.com';
const crd = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/crontabs.${group}`;
const path = (version: string) => `/apis/${group}/${version}/namespaces/default/crontabs`;
const text = { type: 'string' };

let api: TestApi;
let server: WebhookServer;
let caBundle: string;

before(async () => {
  const authority = await TestAuthority.create();
  caBundle = Buffer.from(authority.cert).toString('base64');
  server = await WebhookServer.start(await authority.issue('CN=hook', ['127.0.0.1']), convert);
});
after(() => server.stop());
beforeEach(async () => {
  server.answer = convert;
  server.received.length = 0;
  api = await startApi();
  await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition());
  await settled();
});
afterEach(() => api.stop());

function convert({ body }: { body: unknown }) {
  const { apiVersion, request } = body as {
    apiVersion: string;
    request: { uid: string; desiredAPIVersion: string; objects: Endpoint[] };
  };
  const convertedObjects = request.objects.map(object => {
    const { host, port, hostPort } = object.spec;
    const [left, right] = (hostPort ?? ':').split(':');
    const spec = request.desiredAPIVersion.endsWith('v2')
      ? { hostPort: `${host}:${port}` }
      : { host: left, port: right };
    return { ...object, apiVersion: request.desiredAPIVersion, spec };
  });
  const response = { uid: request.uid, convertedObjects, result: { status: 'Success' } };
  return { body: { apiVersion, kind: 'ConversionReview', response } };
}

function version(name: string, storage: boolean, properties: object, field: string) {
  const spec = { type: 'object', properties };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  return { name, served: true, storage, schema, selectableFields: [{ jsonPath: `.spec.${field}` }] };
}

function definition(stored = 'v1') {
  const base = crontabs();
  const webhook = {
    clientConfig: { url: `${server.url}/convert`, caBundle },
    conversionReviewVersions: ['v1'],
  };
  const versions = [
    version('v1', stored === 'v1', { host: text, port: text }, 'host'),
    version('v2', stored === 'v2', { hostPort: text }, 'hostPort'),
  ];
  return { ...base, spec: { ...base.spec, versions, conversion: { strategy: 'Webhook', webhook } } };
}

function endpoint(name: string, v: string, spec: object) {
  return { apiVersion: `${group}/${v}`, kind: 'CronTab', metadata: { name }, spec };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
}

test('an object is read and written in either version', async () => {
  const made = await api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' }));
  assert.equal(server.received.length, 0);
  const read = await api.get(`${path('v2')}/a`);
  assert.deepEqual([read.apiVersion, read.spec], [`${group}/v2`, { hostPort: 'h:1' }]);
  assert.equal(read.metadata.uid, made.metadata.uid);
  await api.get(`${path('v2')}/a`);
  assert.equal(server.received.length, 1, 'a revision is converted once');
  const changed = await api.patch(`${path('v2')}/a`, { spec: { hostPort: 'i:2' } });
  assert.deepEqual(changed.spec, { hostPort: 'i:2' });
  assert.deepEqual((await api.get(`${path('v1')}/a`)).spec, { host: 'i', port: '2' });
});

test('what was stored before the stored version changed is listed in the other', async () => {
  await api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' }));
  const { metadata } = await api.get(crd);
  await api.put(crd, { ...definition('v2'), metadata });
  await settled();
  await api.post(path('v2'), endpoint('b', 'v2', { hostPort: 'i:2' }));
  const specs = async (v: string) => (await api.get(path(v))).items.map((item: Endpoint) => item.spec);
  assert.deepEqual(await specs('v2'), [{ hostPort: 'h:1' }, { hostPort: 'i:2' }]);
  assert.deepEqual(await specs('v1'), [
    { host: 'h', port: '1' },
    { host: 'i', port: '2' },
  ]);
  assert.deepEqual((await api.get(crd)).status.storedVersions, ['v1', 'v2']);
});

test('fields are selected in the version asked for', async () => {
  await api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' }));
  await api.post(path('v1'), endpoint('b', 'v1', { host: 'i', port: '2' }));
  const names = async (v: string, selector: string) => {
    const { items } = await api.get(`${path(v)}?fieldSelector=${encodeURIComponent(selector)}`);
    return items.map((item: Endpoint) => item.metadata.name);
  };
  assert.deepEqual(await names('v1', 'spec.host=i'), ['b']);
  assert.deepEqual(await names('v2', 'spec.hostPort=h:1'), ['a']);
});

test('a watch tells events in its version, in order', async () => {
  const events: string[] = [];
  const watch = api.admin.watch<KubeObject>({ method: 'GET', path: `${path('v2')}?watch=1` });
  const watching = (async () => {
    for await (const event of watch) {
      events.push(`${event.type} ${(event.object as Endpoint).spec.hostPort}`);
      if (events.length === 3) return;
    }
  })();
  await api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' }));
  await api.patch(`${path('v1')}/a`, { spec: { port: '2' } });
  await api.delete(`${path('v1')}/a`);
  await watching;
  assert.deepEqual(events, ['ADDED h:1', 'MODIFIED h:2', 'DELETED h:2']);
});

for (const [selector, leave] of [
  ['fieldSelector=spec.hostPort%3Dh:1', { spec: { port: '2' } }],
  ['labelSelector=on', { metadata: { labels: { on: null } } }],
] as const) {
  test(`a watch by ${selector} tells what ceases to match, converted, and goes on`, async () => {
    const events: string[] = [];
    const watch = api.admin.watch<KubeObject>({ method: 'GET', path: `${path('v2')}?watch=1&${selector}` });
    const watching = (async () => {
      for await (const { type, object } of watch) {
        const { apiVersion, metadata, spec } = object as Endpoint & Stored;
        events.push(`${type} ${apiVersion} ${metadata.name} ${spec?.hostPort} ${metadata.resourceVersion}`);
        if (type === 'ERROR' || events.length === 3) return;
      }
    })();
    const labelled = (name: string) => {
      const object = endpoint(name, 'v1', { host: 'h', port: '1' });
      return { ...object, metadata: { name, labels: { on: '' } } };
    };
    const versions = [
      await api.post(path('v1'), labelled('a')),
      await api.patch(`${path('v1')}/a`, leave),
      await api.post(path('v1'), labelled('b')),
    ].map(object => object.metadata.resourceVersion);
    await watching;
    assert.deepEqual(events, [
      `ADDED ${group}/v2 a h:1 ${versions[0]}`,
      `DELETED ${group}/v2 a h:1 ${versions[1]}`,
      `ADDED ${group}/v2 b h:1 ${versions[2]}`,
    ]);
  });
}

test('a webhook that fails or answers nonsense is told of', async () => {
  await api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' }));
  server.answer = ({ body }) => {
    const { uid } = (body as { request: { uid: string } }).request;
    const result = { status: 'Failure', message: 'I will not' };
    return {
      body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: { uid, result } },
    };
  };
  const refused = await refusal(api.get(`${path('v2')}/a`));
  assert.deepEqual(
    [refused.code, refused.message],
    [500, `conversion webhook for ${group}/v1, Kind=CronTab failed: I will not`],
  );
  server.answer = () => ({ status: 404, body: {} });
  assert.match((await refusal(api.get(path('v2')))).message, /^conversion webhook for .* failed: /);
});
