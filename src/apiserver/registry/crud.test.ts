import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { configMap, refusal, startApi, type TestApi } from '../testing/api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

test('a created object gets what the server sets, whatever the client sent', async () => {
  const sent = configMap('sets', { data: { a: 'b' } });
  Object.assign(sent.metadata, {
    uid: 'mine',
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: '2001-01-01T00:00:00Z',
  });
  const created = await api.post(maps, sent);
  assert.notEqual(created.metadata.uid, 'mine');
  assert.equal(created.metadata.creationTimestamp, '2030-01-01T00:00:00Z');
  assert.equal(created.metadata.deletionTimestamp, undefined);
  assert.equal(created.metadata.namespace, 'default');
  assert.equal(created.metadata.resourceVersion, String(api.store.revision));
  assert.ok(Object.isFrozen(created.metadata));
  assert.equal(await api.get(`${maps}/sets`), created, 'the same object is shared');
});

const refusals: [what: string, request: () => Promise<unknown>, code: number, message: string | RegExp][] = [
  [
    'a name that is taken',
    () => api.post(maps, configMap('kube-x')).then(() => api.post(maps, configMap('kube-x'))),
    409,
    'configmaps "kube-x" already exists',
  ],
  ['a missing object', () => api.get(`${maps}/nope`), 404, 'configmaps "nope" not found'],
  [
    'another group',
    () => api.get('/apis/apps/v1/namespaces/default/deployments/x'),
    404,
    'deployments.apps "x" not found',
  ],
  [
    'a missing namespace',
    () => api.post('/api/v1/namespaces/gone/configmaps', configMap('a')),
    404,
    'namespaces "gone" not found',
  ],
  [
    'a namespace that is not that of the path',
    () => api.post(maps, { ...configMap('a'), metadata: { name: 'a', namespace: 'kube-system' } }),
    400,
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
  [
    'a name that is not that of the path',
    () => api.put(`${maps}/sets`, configMap('other')),
    400,
    'the name of the object (other) does not match the name on the URL (sets)',
  ],
  [
    'a resourceVersion on create',
    () => api.post(maps, { ...configMap('rv'), metadata: { name: 'rv', resourceVersion: '1' } }),
    400,
    /resourceVersion should not be set on objects to be created/,
  ],
  [
    'an update of what is not there',
    () => api.put(`${maps}/nope`, configMap('nope')),
    404,
    'configmaps "nope" not found',
  ],
  [
    'an old resourceVersion',
    () => api.put(`${maps}/sets`, { ...configMap('sets'), metadata: { name: 'sets', resourceVersion: '1' } }),
    409,
    'Operation cannot be fulfilled on configmaps "sets": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [
    'another uid',
    () => api.put(`${maps}/sets`, { ...configMap('sets'), metadata: { name: 'sets', uid: 'x' } }),
    409,
    /Precondition failed: UID in precondition: x/,
  ],
  [
    'an invalid name',
    () => api.post(maps, configMap('A_b')),
    422,
    /^ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b"/,
  ],
  [
    'no name',
    () => api.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }),
    422,
    /name or generateName is required/,
  ],
  [
    'another kind',
    () => api.post(maps, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }),
    400,
    /Secret in version "v1" cannot be handled as a ConfigMap/,
  ],
  [
    'a resource there is none of',
    () => api.get('/api/v1/namespaces/default/frobs'),
    404,
    'the server could not find the requested resource',
  ],
  [
    'a verb the resource has not',
    () => api.get('/apis/authorization.k8s.io/v1/subjectaccessreviews'),
    405,
    /does not allow this method/,
  ],
  ['a PUT on a collection', () => api.put(maps, configMap('x')), 405, /does not allow this method/],
  [
    "the default namespace's deletion",
    () => api.delete('/api/v1/namespaces/default'),
    403,
    'namespaces "default" is forbidden: this namespace may not be deleted',
  ],
  ['dryRun other than All', () => api.post(`${maps}?dryRun=Some`, configMap('dry')), 400, /Invalid value/],
];
for (const [what, request, code, message] of refusals) {
  test(`refused: ${what}`, async () => {
    const { status } = await refusal(request());
    assert.equal(status.code, code);
    if (typeof message === 'string') assert.equal(status.message, message);
    else assert.match(status.message ?? '', message);
  });
}

test('generateName makes names until one is free', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } };
  const names = new Set<string>();
  for (let i = 0; i < 5; i++) names.add((await api.post(maps, body)).metadata.name);
  assert.equal(names.size, 5);
  for (const name of names) assert.match(name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('an update that changes nothing keeps the resourceVersion', async () => {
  const created = await api.post(maps, configMap('same', { data: { a: '1' } }));
  const { resourceVersion, ...metadata } = created.metadata;
  const put = await api.put(`${maps}/same`, { ...created, metadata });
  assert.equal(put.metadata.resourceVersion, resourceVersion);
  const patched = await api.patch(`${maps}/same`, { data: { a: '1' } });
  assert.equal(patched.metadata.resourceVersion, resourceVersion);
});

test('patches: merge, JSON, strategic; a stale resourceVersion in one is a conflict', async () => {
  await api.post(maps, configMap('patched', { data: { a: '1', b: '2' } }));
  const path = `${maps}/patched`;
  assert.deepEqual((await api.patch(path, { data: { a: null, c: '3' } })).data, { b: '2', c: '3' });
  const operations = [{ op: 'replace', path: '/data/b', value: '5' }];
  assert.deepEqual((await api.patch(path, operations, 'application/json-patch+json')).data, {
    b: '5',
    c: '3',
  });
  const strategic = 'application/strategic-merge-patch+json';
  assert.deepEqual((await api.patch(path, { data: { $patch: 'replace', z: '1' } }, strategic)).data, {
    z: '1',
  });
  assert.equal((await refusal(api.patch(path, { metadata: { resourceVersion: '2' } }))).code, 409);
  assert.equal((await refusal(api.patch(path, {}, 'application/x-unknown'))).code, 415);
  assert.equal((await refusal(api.patch(`${maps}/none`, {}))).code, 404);
});

test('writers that race all get through, one after the other', async () => {
  await api.post(maps, configMap('raced'));
  const writers = Array.from({ length: 20 }, (_, i) =>
    api.patch(`${maps}/raced`, { data: { [`k${i}`]: '1' } }),
  );
  await Promise.all(writers);
  assert.equal(Object.keys((await api.get(`${maps}/raced`)).data).length, 20);
});

test('dryRun=All answers as if and stores nothing', async () => {
  const before = api.store.revision;
  assert.equal((await api.post(`${maps}?dryRun=All`, configMap('dry'))).metadata.name, 'dry');
  assert.equal((await refusal(api.get(`${maps}/dry`))).code, 404);
  await api.patch(`${maps}/sets?dryRun=All`, { data: { dry: '1' } });
  await api.delete(`${maps}/sets?dryRun=All`);
  assert.equal((await api.get(`${maps}/sets`)).data.dry, undefined);
  assert.equal(api.store.revision, before);
});

test('field validation: strict refuses, warn warns, ignore drops', async () => {
  const body = configMap('strict', { nonsense: 1 });
  const error = await refusal(api.post(`${maps}?fieldValidation=Strict`, body));
  assert.equal(error.code, 400);
  assert.match(error.message, /strict decoding error: unknown field "nonsense"/);
  const created = await api.post(`${maps}?fieldValidation=Ignore`, body);
  assert.equal(created.nonsense, undefined);
});

test('a Lease is created by PUT, a ConfigMap is not', async () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', namespace: 'default' },
    spec: { leaseDurationSeconds: 5 },
  };
  assert.equal((await api.put(path, lease)).spec.leaseDurationSeconds, 5);
});

test('deletion: Status with details, preconditions, finalizers', async () => {
  const { uid } = (await api.post(maps, configMap('gone'))).metadata;
  assert.equal((await refusal(api.delete(`${maps}/gone`, { preconditions: { uid: 'x' } }))).code, 409);
  const status = await api.delete(`${maps}/gone`, { preconditions: { uid } });
  assert.deepEqual(status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'gone', kind: 'configmaps', uid },
  });
  const held = configMap('held');
  Object.assign(held.metadata, { finalizers: ['example.com/x'] });
  await api.post(maps, held);
  const marked = await api.delete(`${maps}/held`);
  assert.equal(marked.metadata.deletionTimestamp, '2030-01-01T00:00:00Z');
  assert.equal(marked.metadata.deletionGracePeriodSeconds, 0);
  assert.match(
    (await refusal(api.post(maps, held))).message,
    /^object is being deleted: configmaps "held" already exists/,
  );
  await api.patch(`${maps}/held`, { metadata: { finalizers: null } });
  assert.equal((await refusal(api.get(`${maps}/held`))).code, 404);
});

test('propagation policies become finalizers', async () => {
  for (const [policy, finalizer] of [
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const) {
    await api.post(maps, configMap('owner'));
    const marked = await api.delete(`${maps}/owner`, { propagationPolicy: policy });
    assert.deepEqual(marked.metadata.finalizers, [finalizer]);
    await api.patch(`${maps}/owner`, { metadata: { finalizers: [] } });
    assert.equal((await refusal(api.get(`${maps}/owner`))).code, 404);
  }
  await api.post(maps, configMap('owner'));
  const both = { propagationPolicy: 'Orphan', orphanDependents: true };
  assert.match((await refusal(api.delete(`${maps}/owner`, both))).message, /cannot be both set/);
});

test('deletecollection takes what the selector names', async () => {
  for (const part of ['a', 'a', 'b']) {
    await api.post(maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'coll-', labels: { part } },
    });
  }
  const list = await api.delete(`${maps}?labelSelector=part%3Da`);
  assert.equal(list.items.length, 2);
  assert.equal((await api.get(`${maps}?labelSelector=part`)).items.length, 1);
});

test('a namespace dies in two steps and takes nothing new meanwhile', async () => {
  await api.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dying' } });
  const created = await api.get('/api/v1/namespaces/dying');
  assert.deepEqual(created.spec.finalizers, ['kubernetes']);
  assert.equal(created.metadata.labels['kubernetes.io/metadata.name'], 'dying');
  const dying = await api.delete('/api/v1/namespaces/dying');
  assert.equal(dying.status.phase, 'Terminating');
  const error = await refusal(api.post('/api/v1/namespaces/dying/configmaps', configMap('late')));
  assert.equal(
    error.message,
    'configmaps "late" is forbidden: unable to create new content in namespace dying because it is being terminated',
  );
  assert.equal(error.status.details?.causes?.[0]?.reason, 'NamespaceTerminating');
  await api.put('/api/v1/namespaces/dying/finalize', { ...dying, spec: { finalizers: [] } });
  assert.equal((await refusal(api.get('/api/v1/namespaces/dying'))).code, 404);
});

test("status: its own update changes nothing else, and the object's leaves it alone", async () => {
  const path = '/api/v1/nodes/n1';
  await api.post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  assert.deepEqual((await api.get(path)).spec.taints, [
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  ]);
  await api.patch(`${path}/status`, { spec: { unschedulable: true }, status: { phase: 'Running' } });
  let node = await api.get(path);
  assert.equal(node.spec.unschedulable, undefined);
  assert.equal(node.status.phase, 'Running');
  node = await api.patch(path, { spec: { unschedulable: true }, status: { phase: 'Pending' } });
  assert.equal(node.spec.unschedulable, true);
  assert.equal(node.status.phase, 'Running');
});

test('events.k8s.io/v1 and v1 show the same events', async () => {
  const note = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e1' },
    eventTime: '2030-01-01T00:00:00.000000Z',
    reportingController: 'me',
    reportingInstance: 'me-1',
    action: 'Do',
    reason: 'Done',
    type: 'Normal',
    note: 'hello',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  };
  const created = await api.post('/apis/events.k8s.io/v1/namespaces/default/events', note);
  assert.equal(created.note, 'hello');
  const core = await api.get('/api/v1/namespaces/default/events/e1');
  assert.equal(core.message, 'hello');
  assert.equal(core.involvedObject.name, 'p');
  assert.equal(core.apiVersion, 'v1');
  const list = await api.get('/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp');
  assert.equal(list.items[0].reportingController, 'me');
  // As upstream's conformance tests do.
  const path = '/apis/events.k8s.io/v1/namespaces/default/events/e1';
  const patched = await api.patch(path, { note: 'hello again' });
  assert.equal(patched.note, 'hello again');
  const series = { count: 100, lastObservedTime: '2030-01-01T00:00:01.000000Z' };
  const updated = await api.put(path, { ...patched, series });
  assert.deepEqual(updated.series, series);
});
