/**
 * One full example of every built-in kind is created and applied, and read back equal in every encoding. A kind that
 * is new in the table of resources is in here by itself, and fails where its example is not valid.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../api/objects.ts';
import { builtinResources, type ResourceInfo, resourcePath } from '../api/resources.ts';
import { decodeProtobuf } from './protobuf/decode.ts';
import { encodeProtobuf, hasProtobufForm } from './protobuf/encode.ts';
import { adminUser, pod, startApi, type TestApi } from './testing/api.ts';
import { differences } from './testing/differences.ts';
import { fullExamples, fullStatus } from './testing/examples/full-example.ts';
import { wholeBody } from './testing/whole-body.ts';

const types = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
};

let api: TestApi;

interface Asked {
  type?: string;
  body?: Uint8Array | string;
  accept?: string;
}

/** The body of the answer; a refusal is told in full. */
async function ask(
  method: string,
  target: string,
  { type, body, accept = types.json }: Asked = {},
): Promise<Buffer> {
  const [path = '', query = ''] = target.split('?');
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const response = await api.server.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { accept, ...(type && { 'content-type': type }) },
    body: bytes ? { kind: 'bytes', read: async () => bytes } : { kind: 'none' },
    signal: new AbortController().signal,
    user: adminUser,
    inProcess: false,
    remoteAddress: '',
  });
  const answer = response.body;
  assert.ok(answer.kind === 'bytes' || answer.kind === 'value', `${method} ${target}: ${answer.kind}`);
  const got = wholeBody(answer.kind === 'bytes' ? answer.chunks : answer.chunks());
  assert.ok(response.status < 300, `${method} ${target}: ${got.toString()}`);
  return got;
}

const collection = (resource: ResourceInfo) =>
  resourcePath(resource, resource.namespaced ? { namespace: 'default' } : {});
const strict = 'fieldValidation=Strict&fieldManager=test';

/** How clients bring an object. */
const ways: Record<string, (resource: ResourceInfo, example: KubeObject) => Promise<unknown>> = {
  'POST of JSON': (resource, example) =>
    ask('POST', `${collection(resource)}?${strict}`, { type: types.json, body: JSON.stringify(example) }),
  'POST of protobuf': (resource, example) => {
    const type = encodable(example) ? types.protobuf : types.json;
    const body = encodable(example) ? encodeProtobuf(example) : JSON.stringify(example);
    return ask('POST', `${collection(resource)}?${strict}`, { type, body });
  },
  'server-side apply of YAML': (resource, example) =>
    ask('PATCH', `${collection(resource)}/${example.metadata!.name}?${strict}`, {
      type: types.apply,
      body: yamlOf(example),
    }),
};

const encodable = ({ apiVersion, kind }: KubeObject) => hasProtobufForm(apiVersion!, kind!);

/** What pods refer to by name is looked up when they are created. */
async function prepare(): Promise<void> {
  const make = (group: string, plural: string, kind: string, rest: object) =>
    api.post(`/apis/${group}/v1/${plural}`, {
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name: 'prepared' },
      ...rest,
    });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prepared' } };
  await api.post('/api/v1/namespaces/default/serviceaccounts', account);
  await make('scheduling.k8s.io', 'priorityclasses', 'PriorityClass', {
    value: 7,
    preemptionPolicy: 'Never',
  });
  const overhead = { podFixed: { cpu: '250m', memory: '64Mi' } };
  await make('node.k8s.io', 'runtimeclasses', 'RuntimeClass', { handler: 'handler', overhead });
  const bare = { serviceAccountName: 'prepared', automountServiceAccountToken: false };
  await api.post('/api/v1/namespaces/default/pods', pod('prepared', bare));
}

const created = builtinResources.filter(({ verbs }) => verbs.includes('create'));
const kept = created.filter(({ verbs }) => verbs.includes('get'));
const title = ({ group, version, kind }: ResourceInfo) => `${group || 'core'}/${version} ${kind}`;

for (const [way, bring] of Object.entries(ways)) {
  describe(way, () => {
    before(async () => {
      api = await startApi();
      await prepare();
    });
    after(() => api.stop());

    for (const resource of kept) {
      for (const [at, example] of fullExamples(resource).entries())
        test(`a full ${title(resource)} comes back equal (${at + 1})`, async () => {
          await bring(resource, example);
          const path = `${collection(resource)}/${example.metadata!.name}`;
          const json = JSON.parse((await ask('GET', path)).toString());
          assert.deepEqual(differences(example, json, 'lost'), []);
          if (way === 'POST of JSON') {
            const yaml = (await ask('GET', path, { accept: types.yaml })).toString();
            assert.deepEqual(parse(yaml, { version: '1.1', maxAliasCount: 0 }), json);
          }
          if (encodable(example)) {
            const bytes = await ask('GET', path, { accept: types.protobuf });
            assert.deepEqual(differences(common(json), common(decodeProtobuf(bytes)), 'any'), []);
          }
          await changesNothing(path, example, json);
          // What it stands for must not touch the examples that follow.
          await ask('DELETE', path);
        });
    }
  });
}

const keptByServer = new Set(['APIService', 'CustomResourceDefinition']);

describe('statuses', () => {
  before(async () => {
    api = await startApi();
    await prepare();
  });
  after(() => api.stop());

  // The server itself keeps the status of some kinds as it is.
  const kinds = kept.filter(
    ({ kind, subresources }) => subresources.includes('status') && !keptByServer.has(kind),
  );
  for (const resource of kinds) {
    test(`a full status of ${title(resource)} comes back equal`, async () => {
      const [example] = fullExamples(resource);
      await api.post(collection(resource), example!);
      const path = `${collection(resource)}/${example!.metadata!.name}`;
      const status = fullStatus(resource)!;
      const body = JSON.stringify({ ...JSON.parse((await ask('GET', path)).toString()), status });
      await ask('PUT', `${path}/status?${strict}`, { type: types.json, body });
      const json = JSON.parse((await ask('GET', path)).toString());
      assert.deepEqual(differences(status, json.status, 'lost'), []);
      const yaml = (await ask('GET', path, { accept: types.yaml })).toString();
      assert.deepEqual(parse(yaml, { version: '1.1', maxAliasCount: 0 }), json);
      if (encodable(json)) {
        const decoded = decodeProtobuf(await ask('GET', path, { accept: types.protobuf })) as typeof json;
        assert.deepEqual(differences(json.status, decoded.status, 'any'), []);
      }
      await ask('DELETE', path);
    });
  }
});

describe('kinds that are only created', () => {
  before(async () => {
    api = await startApi();
    await prepare();
  });
  after(() => api.stop());

  for (const resource of created.filter(each => !kept.includes(each) && each.kind !== 'Binding')) {
    test(`a full ${title(resource)} is answered with what it asks`, async () => {
      for (const example of fullExamples(resource)) {
        const post = (accept: string) =>
          ask('POST', `${collection(resource)}?${strict}`, {
            type: types.json,
            body: JSON.stringify(example),
            accept,
          });
        const { metadata: _, ...asked } = example;
        const json = JSON.parse((await post(types.json)).toString());
        assert.deepEqual(differences(asked, json, 'lost'), []);
        assert.deepEqual(parse((await post(types.yaml)).toString(), { version: '1.1' }), json);
        assert.deepEqual(differences(asked, decodeProtobuf(await post(types.protobuf)), 'lost'), []);
      }
    });
  }

  test('a full core/v1 Binding binds', async () => {
    const binding = builtinResources.find(({ kind }) => kind === 'Binding')!;
    const body = JSON.stringify(fullExamples(binding)[0]);
    await ask('POST', `${collection(binding)}?${strict}`, { type: types.json, body });
    assert.equal((await api.get('/api/v1/namespaces/default/pods/prepared')).spec.nodeName, 'example');
  });
});

/**
 * What of an object both encodings must tell alike. Not the status a new object has, of which protobuf leaves out the
 * zeros; nor resources without amounts, and the kind of templates of claims, which are no pointers in Go.
 */
function common({ status: _, ...object }: KubeObject & { status?: unknown }): object {
  const text = JSON.stringify(object, (key, value) => {
    if (key === 'volumeClaimTemplates') return value.map(({ apiVersion, kind, ...rest }: KubeObject) => rest);
    return key === 'resources' && Object.keys(value).length === 0 ? undefined : value;
  });
  return JSON.parse(text);
}

const yamlOf = (value: object) => stringify(value, { version: '1.1' });

/** Patching an object with what it was made of leaves it as it is. */
async function changesNothing(path: string, example: KubeObject, stored: KubeObject): Promise<void> {
  const version = async (type: string, body: string) => {
    const answer = await ask('PATCH', `${path}?${strict}`, { type, body });
    return JSON.parse(answer.toString()).metadata.resourceVersion;
  };
  const { resourceVersion, managedFields = [] } = stored.metadata!;
  assert.equal(await version(types.strategic, JSON.stringify(example)), resourceVersion, 'merged');
  if (!managedFields.some(({ operation }) => operation === 'Apply')) return;
  assert.equal(await version(types.apply, yamlOf(example)), resourceVersion, 'applied again');
}
