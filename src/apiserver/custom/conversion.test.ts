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
  spec?: { host?: string; port?: string; hostPort?: string };
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
    const { host, port, hostPort } = object.spec ?? {};
    const [left, right] = (hostPort ?? ':').split(':');
    const spec = request.desiredAPIVersion.endsWith('v2')
      ? { hostPort: host && `${host}:${port}` }
      : { host: left || undefined, port: right || undefined };
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
      events.push(`${event.type} ${(event.object as Endpoint).spec?.hostPort}`);
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

/** `manager version` → fieldsV1 of the object as it is stored. */
async function owners(name: string): Promise<Record<string, unknown>> {
  const { metadata } = await api.get(`${path('v1')}/${name}`);
  const entries: { manager: string; apiVersion: string; fieldsV1: unknown }[] = metadata.managedFields ?? [];
  return Object.fromEntries(entries.map(e => [`${e.manager} ${e.apiVersion.slice(-2)}`, e.fieldsV1]));
}
const apply = (v: string, spec: object, manager: string, more = '') =>
  api.patch(
    `${path(v)}/a?fieldManager=${manager}${more}`,
    endpoint('a', v, spec),
    'application/apply-patch+yaml',
  );
const fields = (...names: string[]) => ({
  'f:spec': Object.fromEntries(names.map(name => [`f:${name}`, {}])),
});

test('fields are owned in the version their manager speaks, and lost by changes in another', async () => {
  await apply('v1', { host: 'h', port: '1' }, 'one');
  const refused = await refusal(apply('v2', { hostPort: 'h:2' }, 'two'));
  assert.equal(refused.message, 'Apply failed with 1 conflict: conflict with "one": .spec.port');
  await apply('v2', { hostPort: 'h:2' }, 'two', '&force=true');
  assert.deepEqual(await owners('a'), { 'one v1': fields('host'), 'two v2': fields('hostPort') });
  await api.patch(`${path('v1')}/a?fieldManager=three`, { spec: { port: '3' } });
  assert.deepEqual(await owners('a'), { 'one v1': fields('host'), 'three v1': fields('port') });
});

test('what an applier leaves out goes, whichever versions it and others speak', async () => {
  await apply('v1', { host: 'h', port: '1' }, 'one');
  assert.deepEqual((await apply('v2', {}, 'one')).spec, {});
  await api.delete(`${path('v1')}/a`);

  await apply('v1', { host: 'h', port: '1' }, 'one');
  await apply('v2', { hostPort: 'h:1' }, 'two');
  const shared = await apply('v1', {}, 'one');
  assert.deepEqual(shared.spec, { host: 'h', port: '1' });
  assert.deepEqual(await owners('a'), { 'one v1': { 'f:spec': {} }, 'two v2': fields('hostPort') });
});

test('while the webhook fails the stored version is still updated, but not applied', async () => {
  await apply('v1', { host: 'h', port: '1' }, 'one');
  await apply('v2', { hostPort: 'h:1' }, 'two');
  const works = server.answer;
  server.answer = () => ({ status: 500, body: {} });
  await api.patch(`${path('v1')}/a?fieldManager=three`, { spec: { port: '3' } });
  assert.deepEqual(Object.keys(await owners('a')).sort(), ['one v1', 'three v1', 'two v2']);
  const refused = await refusal(apply('v1', { host: 'i' }, 'one', '&force=true'));
  assert.equal(refused.code, 500);
  assert.match(refused.message, /^conversion webhook for stable.example.com\/v1, Kind=CronTab failed: /);
  server.answer = works;
});

test('policies for another version see what the webhook makes', async () => {
  const root = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic';
  const meta = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'p' } };
  const rule = { apiGroups: [group], apiVersions: ['v2'], operations: ['CREATE'], resources: ['crontabs'] };
  await api.post(`${root}ies`, {
    ...meta,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: "object.spec.hostPort != 'h:1'", message: 'not this one' }],
    },
  });
  await api.post(`${root}ybindings`, {
    ...meta,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: 'p', validationActions: ['Deny'] },
  });
  await api.post(path('v1'), endpoint('b', 'v1', { host: 'h', port: '2' }));
  const refused = await refusal(api.post(path('v1'), endpoint('a', 'v1', { host: 'h', port: '1' })));
  assert.match(refused.message, /denied request: not this one$/);
});
