import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterApi } from './cluster-api.ts';
import type { Etcd, Kept } from './etcd.ts';
import { formOf } from './forms.ts';
import { mergePatch, resources, type WardleObject } from './objects.ts';
import { type ResourceRequest, WardleApi } from './requests.ts';
import { selectorOf } from './selection.ts';
import { StatusError } from './status.ts';

/** What etcd does, in memory. */
class MemoryEtcd implements Pick<Etcd, 'list' | 'get' | 'put' | 'delete'> {
  readonly #kept = new Map<string, Kept>();
  #revision = 1;

  async list(prefix: string) {
    const kept = [...this.#kept.values()].filter(({ key }) => key.startsWith(prefix));
    return { kept: kept.sort((a, b) => (a.key < b.key ? -1 : 1)), revision: this.#revision };
  }

  async get(key: string) {
    return this.#kept.get(key);
  }

  async put(key: string, value: string, expected: number) {
    if ((this.#kept.get(key)?.revision ?? 0) !== expected) return undefined;
    this.#kept.set(key, { key, value, revision: ++this.#revision });
    return this.#revision;
  }

  async delete(key: string, expected: number) {
    if (this.#kept.get(key)?.revision !== expected) return undefined;
    this.#kept.delete(key);
    return ++this.#revision;
  }
}

const cluster: ClusterApi = {
  ask: async (_method, path) => {
    const gone = { code: 404, body: {} };
    const metadata = path.endsWith('/going') ? { deletionTimestamp: 'now' } : {};
    return path.endsWith('/nowhere') ? gone : { code: 200, body: { metadata } };
  },
};

function wardle() {
  const api = new WardleApi(new MemoryEtcd() as unknown as Etcd, cluster);
  return async (method: string, name?: string, body?: object, more: Partial<ResourceRequest> = {}) => {
    const { body: answer } = await api.answer({
      method,
      resource: resources.find(({ kind }) => kind === 'Flunder')!,
      namespace: 'default',
      name,
      query: new URLSearchParams(),
      body: body ? JSON.stringify(body) : '',
      signal: new AbortController().signal,
      ...more,
    });
    return answer as WardleObject & { items: WardleObject[] };
  };
}

const refusedWith = (code: number, message: RegExp) => (error: Error) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test('a flunder is made, read, changed and deleted', async () => {
  const ask = wardle();
  const made = await ask('POST', undefined, { metadata: { name: 'a', labels: { l: 'x' } }, nonsense: 1 });
  assert.deepEqual([made.apiVersion, made.kind, made.spec], ['wardle.example.com/v1alpha1', 'Flunder', {}]);
  assert.ok(made.metadata.uid && made.metadata.creationTimestamp && !('nonsense' in made));
  await assert.rejects(
    ask('POST', undefined, { metadata: { name: 'a' } }),
    refusedWith(409, /already exists/),
  );
  const changed = await ask('PUT', 'a', { ...made, spec: { reference: 'b', referenceType: 'Flunder' } });
  assert.notEqual(changed.metadata.resourceVersion, made.metadata.resourceVersion);
  await assert.rejects(ask('PUT', 'a', made), refusedWith(409, /has been modified/));
  const merge = { contentType: 'application/merge-patch+json' };
  const patched = await ask('PATCH', 'a', { metadata: { labels: { l: null, m: 'y' } } }, merge);
  assert.deepEqual(patched.metadata.labels, { m: 'y' });
  await assert.rejects(
    ask('PATCH', 'a', {}, { contentType: 'application/json-patch+json' }),
    refusedWith(415, /merge-patch/),
  );
  assert.equal((await ask('GET')).items.length, 1);
  await ask('DELETE', 'a');
  await assert.rejects(ask('GET', 'a'), refusedWith(404, /flunders\.wardle\.example\.com "a" not found/));
});

test('finalizers and preconditions hold a deletion up', async () => {
  const ask = wardle();
  await ask('POST', undefined, { metadata: { name: 'a', finalizers: ['x.example.com/y'] } });
  await assert.rejects(
    ask('DELETE', 'a', { preconditions: { uid: 'other' } }),
    refusedWith(409, /Precondition/),
  );
  const going = await ask('DELETE', 'a');
  assert.ok(going.metadata.deletionTimestamp);
  await ask(
    'PATCH',
    'a',
    { metadata: { finalizers: null } },
    { contentType: 'application/merge-patch+json' },
  );
  assert.equal((await ask('GET')).items.length, 0);
  await ask('POST', undefined, { metadata: { name: 'b' } });
  const held = await ask('DELETE', 'b', { propagationPolicy: 'Foreground' });
  assert.deepEqual(held.metadata.finalizers, ['foregroundDeletion']);
});

test('names, namespaces and references are checked', async () => {
  const ask = wardle();
  const make = (object: object, namespace = 'default') => ask('POST', undefined, object, { namespace });
  await assert.rejects(make({ metadata: {} }), refusedWith(422, /name or generateName is required/));
  await assert.rejects(make({ metadata: { name: 'No' } }), refusedWith(422, /metadata\.name: Invalid value/));
  await assert.rejects(
    make({ metadata: { name: 'a' }, spec: { reference: 'b' } }),
    refusedWith(422, /referenceType/),
  );
  await assert.rejects(
    make({ metadata: { name: 'a' } }, 'nowhere'),
    refusedWith(404, /namespaces "nowhere" not found/),
  );
  await assert.rejects(make({ metadata: { name: 'a' } }, 'going'), refusedWith(403, /being terminated/));
  assert.match((await make({ metadata: { generateName: 'a-' } })).metadata.name, /^a-[a-z0-9]{5}$/);
});

const labels = { app: 'web', tier: 'front' };
const selections: [query: string, chosen: boolean][] = [
  ['', true],
  ['labelSelector=app%3Dweb%2Ctier', true],
  ['labelSelector=app!%3Dweb', false],
  ['labelSelector=app in (api,web),!none', true],
  ['labelSelector=app notin (api,web)', false],
  ['fieldSelector=metadata.name%3Da', true],
  ['fieldSelector=metadata.name%3D%3Db', false],
];
for (const [query, chosen] of selections) {
  test(`${query || 'nothing'} chooses ${chosen}`, () => {
    const object = { metadata: { name: 'a', labels } } as unknown as WardleObject;
    assert.equal(selectorOf(new URLSearchParams(query))(object), chosen);
  });
}

test('forms are negotiated', () => {
  const protobuf = 'application/vnd.kubernetes.protobuf';
  assert.equal(formOf(undefined), 'object');
  assert.equal(formOf(`${protobuf},application/json`), 'object');
  assert.equal(formOf('application/json;as=Table;v=v1;g=meta.k8s.io,application/json'), 'Table');
  assert.equal(formOf('application/json;as=Other;v=v1;g=meta.k8s.io,*/*'), 'object');
  assert.throws(() => formOf(protobuf), refusedWith(406, /application\/json/));
});

test('merge patches follow RFC 7386', () => {
  assert.deepEqual(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2], e: { f: null } }), {
    a: { c: 2 },
    d: [2],
    e: {},
  });
});
