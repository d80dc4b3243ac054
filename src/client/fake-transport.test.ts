import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Namespace, Pod } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { builtinByKind } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { ResourceClient } from './client.ts';
import { FakeTransport } from './fake-transport.ts';

const podResource = builtinByKind({ group: '', version: 'v1', kind: 'Pod' })!;
const namespaceResource = builtinByKind({ group: '', version: 'v1', kind: 'Namespace' })!;

function setUp() {
  const transport = new FakeTransport({ clock: new FakeClock() });
  const pods = new ResourceClient<Pod>(transport, podResource);
  return { transport, pods };
}

function pod(name: string, more: Partial<Pod> = {}): Pod {
  return { metadata: { name, namespace: 'default' }, spec: { containers: [] }, ...more };
}

const reasonOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  return error instanceof ApiError ? `${error.code} ${error.reason}` : error;
};

test('create names, versions and freezes; the same name twice conflicts', async () => {
  const { pods } = setUp();
  const created = await pods.create(pod('a'));
  assert.deepEqual([created.apiVersion, created.kind, created.status], ['v1', 'Pod', { phase: 'Pending' }]);
  assert.ok(created.metadata.uid && created.metadata.resourceVersion && created.metadata.creationTimestamp);
  assert.ok(Object.isFrozen(created.spec));
  assert.equal(await reasonOf(pods.create(pod('a'))), '409 AlreadyExists');
  const generated = await pods.create({ metadata: { generateName: 'web-', namespace: 'default' } });
  assert.match(generated.metadata.name, /^web-[0-9a-z]{5}$/);
  assert.equal(await reasonOf(pods.get('default', 'b')), '404 NotFound');
});

test('selectors by label and field', async () => {
  const { transport, pods } = setUp();
  transport.seed({
    apiVersion: 'v1',
    kind: 'Pod',
    ...pod('a', { spec: { nodeName: 'n1', containers: [] } }),
  });
  transport.seed({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'b', namespace: 'other', labels: { app: 'web' } },
  });
  const rows: [string, object, string[]][] = [
    ['', {}, ['a', 'b']],
    ['other', {}, ['b']],
    ['', { labelSelector: 'app in (web)' }, ['b']],
    ['', { fieldSelector: 'spec.nodeName=n1' }, ['a']],
    ['', { fieldSelector: 'spec.nodeName=' }, ['b']],
    ['', { fieldSelector: 'spec.nodeName!=n1,metadata.namespace=other' }, ['b']],
  ];
  for (const [namespace, selection, names] of rows) {
    const { items } = await pods.list(namespace, selection);
    assert.deepEqual(
      items.map(item => item.metadata.name),
      names,
      JSON.stringify(selection),
    );
  }
});

test('a status the server would not take is refused, after one that is stale', async () => {
  const { pods } = setUp();
  const made = await pods.create(pod('a'));
  const wrong = { ...made, status: { phase: 'Running', podIPs: [{ ip: 'here' }] } };
  assert.equal(await reasonOf(pods.updateStatus(wrong)), '422 Invalid');
  await pods.updateStatus({ ...made, status: { phase: 'Running' } });
  assert.equal(await reasonOf(pods.updateStatus(wrong)), '409 Conflict');
});

test('a stale update conflicts; status and spec are written apart; an equal write changes nothing', async () => {
  const { pods } = setUp();
  const first = await pods.create(pod('a'));
  const second = await pods.updateStatus({ ...first, spec: undefined, status: { phase: 'Running' } });
  assert.deepEqual([second.status?.phase, second.spec], ['Running', { containers: [] }]);
  assert.equal(
    await reasonOf(pods.update({ ...first, metadata: { ...first.metadata, labels: { a: 'b' } } })),
    '409 Conflict',
  );
  const same = await pods.update(second);
  assert.equal(same.metadata.resourceVersion, second.metadata.resourceVersion);
  const third = await pods.update({ ...second, status: {}, spec: { ...second.spec!, nodeName: 'n' } });
  assert.deepEqual([third.status?.phase, third.metadata.generation], ['Running', 2]);
});

test('patches: merge, strategic by key, with a version as precondition', async () => {
  const { pods } = setUp();
  const created = await pods.create(
    pod('a', { metadata: { name: 'a', namespace: 'default', labels: { x: '1', y: '2' } } }),
  );
  const merged = await pods.patch('default', 'a', { metadata: { labels: { x: null, z: '3' } } });
  assert.deepEqual(merged.metadata.labels, { y: '2', z: '3' });
  const patchStatus = (type: string, status: string) =>
    pods.patch(
      'default',
      'a',
      { status: { conditions: [{ type, status }] } },
      { type: 'strategic-merge', subresource: 'status' },
    );
  await patchStatus('Ready', 'False');
  await patchStatus('Initialized', 'True');
  const patched = await patchStatus('Ready', 'True');
  assert.deepEqual(patched.status?.conditions?.map(c => `${c.type}=${c.status}`).sort(), [
    'Initialized=True',
    'Ready=True',
  ]);
  const operations = [{ op: 'remove', path: '/metadata/labels/y' }];
  const operated = await pods.patch('default', 'a', operations, { type: 'json' });
  assert.deepEqual(operated.metadata.labels, { z: '3' });
  const stale = { metadata: { resourceVersion: created.metadata.resourceVersion } };
  assert.equal(await reasonOf(pods.patch('default', 'a', stale)), '409 Conflict');
});

test('deletion: at once, with finalizers, of a bound pod with grace, of a namespace', async () => {
  const { transport, pods } = setUp();
  await pods.create(pod('now'));
  await pods.delete('default', 'now');
  assert.equal(transport.object(podResource, 'default', 'now'), undefined);

  const held = await pods.create(
    pod('held', { metadata: { name: 'held', namespace: 'default', finalizers: ['x/y'] } }),
  );
  await pods.delete('default', 'held');
  const marked = await pods.get('default', 'held');
  assert.ok(marked.metadata.deletionTimestamp);
  assert.equal(
    await reasonOf(pods.delete('default', 'held', { preconditions: { uid: `not-${held.metadata.uid}` } })),
    '409 Conflict',
  );
  await pods.update({ ...marked, metadata: { ...marked.metadata, finalizers: [] } });
  assert.equal(transport.object(podResource, 'default', 'held'), undefined);

  await pods.create(pod('bound'));
  await pods.createSubresource('default', 'bound', 'binding', { target: { kind: 'Node', name: 'n' } });
  await pods.delete('default', 'bound');
  assert.equal((await pods.get('default', 'bound')).metadata.deletionGracePeriodSeconds, 30);
  await pods.delete('default', 'bound', { gracePeriodSeconds: 0 });
  assert.equal(transport.object(podResource, 'default', 'bound'), undefined);

  const namespaces = new ResourceClient<Namespace>(transport, namespaceResource);
  await namespaces.create({ metadata: { name: 'team' } });
  await namespaces.delete('', 'team');
  const ending = await namespaces.get('', 'team');
  assert.equal(ending.status?.phase, 'Terminating');
  const body = { ...ending, spec: { finalizers: [] } };
  await transport.request({ method: 'PUT', path: '/api/v1/namespaces/team/finalize', body });
  assert.equal(transport.object(namespaceResource, '', 'team'), undefined);
});

test('a watch tells of objects that begin and cease to match, from the version asked', async () => {
  const { transport, pods } = setUp();
  await pods.create(pod('a'));
  const from = transport.version;
  await pods.patch('default', 'a', { metadata: { labels: { app: 'web' } } });
  await pods.patch('default', 'a', { metadata: { labels: { app: 'web', v: '2' } } });
  await pods.patch('default', 'a', { metadata: { labels: { app: 'db' } } });
  const path = `/api/v1/pods?watch=true&labelSelector=app%3Dweb&resourceVersion=${from}`;
  const seen: string[] = [];
  const watch = transport.watch<KubeObject>({ method: 'GET', path });
  for await (const event of watch) {
    seen.push(event.type);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'DELETED']);
  transport.compact();
  assert.equal(await reasonOf(watch[Symbol.asyncIterator]().next()), undefined);
  assert.equal(
    await reasonOf(transport.watch({ method: 'GET', path })[Symbol.asyncIterator]().next()),
    '410 Expired',
  );
});

test('faults come as often as asked and on the paths asked', async () => {
  const { transport, pods } = setUp();
  transport.fail('POST', /pods/, new Error('broken'), 2);
  for (let n = 0; n < 2; n++) await assert.rejects(pods.create(pod('a')), /broken/);
  await pods.create(pod('a'));
  transport.unreachable = true;
  await assert.rejects(pods.get('default', 'a'), /refused/);
  transport.unreachable = false;
  assert.equal((await pods.get('default', 'a')).metadata.name, 'a');
});
