import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { configMap, refusal, startApi, type TestApi } from '../testing/api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const type = 'application/apply-patch+yaml';
let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

const apply = (path: string, body: unknown, manager = 'one', more = '') =>
  api.patch(`${path}?fieldManager=${manager}${more}`, body, type);

const deployment = (name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'i:1', ports: [{ containerPort: 80 }] }] },
    },
    ...spec,
  },
});

test('apply creates, then changes nothing, then gives up what it leaves out', async () => {
  const created = await apply(`${maps}/made`, configMap('made', { data: { a: '1', b: '2' } }));
  assert.deepEqual(created.metadata.managedFields, [
    {
      manager: 'one',
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2030-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
    },
  ]);
  await api.clock.advance(5000);
  const again = await apply(`${maps}/made`, configMap('made', { data: { a: '1', b: '2' } }));
  assert.equal(again.metadata.resourceVersion, created.metadata.resourceVersion, 'no write');
  const less = await apply(`${maps}/made`, configMap('made', { data: { a: '1' } }));
  assert.deepEqual(less.data, { a: '1' });
  assert.equal(less.metadata.managedFields[0].time, '2030-01-01T00:00:05Z');
});

test('who updates owns; appliers of the same field conflict until forced', async () => {
  await api.post(`${maps}?fieldManager=maker`, configMap('shared', { data: { a: '1' } }));
  const refused = await refusal(apply(`${maps}/shared`, configMap('shared', { data: { a: '2' } })));
  assert.equal(refused.code, 409);
  assert.equal(refused.message, 'Apply failed with 1 conflict: conflict with "maker" using v1: .data.a');
  assert.deepEqual(refused.status.details?.causes, [
    { reason: 'FieldManagerConflict', message: 'conflict with "maker" using v1', field: '.data.a' },
  ]);
  const forced = await apply(
    `${maps}/shared`,
    configMap('shared', { data: { a: '2' } }),
    'one',
    '&force=true',
  );
  assert.deepEqual(forced.data, { a: '2' });
  assert.deepEqual(
    forced.metadata.managedFields.map((each: { manager: string }) => each.manager),
    ['one', 'maker'],
  );
  const disjoint = await apply(`${maps}/shared`, configMap('shared', { data: { b: '3' } }), 'two');
  assert.deepEqual(disjoint.data, { a: '2', b: '3' });
});

const refusals: [what: string, request: () => Promise<unknown>, code: number, message: string | RegExp][] = [
  [
    'no manager',
    () => api.patch(`${maps}/r`, configMap('r'), type),
    422,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  ],
  [
    'force of another patch',
    () => api.patch(`${maps}/r?force=true`, {}),
    422,
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  ],
  [
    'a name too long',
    () => api.post(`${maps}?fieldManager=${'x'.repeat(129)}`, configMap('r')),
    422,
    /fieldManager: Too long: may not be more than 128 bytes/,
  ],
  [
    'managedFields in the configuration',
    () => apply(`${maps}/r`, { ...configMap('r'), metadata: { name: 'r', managedFields: [] } }),
    400,
    'metadata.managedFields must be nil',
  ],
  [
    'a field there is none of',
    () => apply(`${maps}/r`, configMap('r', { nope: 1 })),
    500,
    'failed to create typed patch object (/r; v1, Kind=ConfigMap): .nope: field not declared in schema',
  ],
  ['another kind', () => apply(`${maps}/r`, { ...configMap('r'), kind: 'Secret' }), 400, /kind/],
  ['no mapping', () => apply(`${maps}/r`, ['a']), 400, /error decoding YAML/],
  ['another name', () => apply(`${maps}/r`, configMap('other')), 400, /does not match the name on the URL/],
  [
    'a creation through the status',
    () => apply(`${deployments}/none/status`, deployment('none')),
    404,
    'deployments.apps "none" not found',
  ],
];
for (const [what, request, code, message] of refusals) {
  test(`apply refuses ${what}`, async () => {
    const refused = await refusal(request());
    assert.equal(refused.code, code, refused.message);
    if (typeof message === 'string') assert.equal(refused.message, message);
    else assert.match(refused.message, message);
  });
}

test('defaults are owned by nobody, status only through its endpoint', async () => {
  const made = await apply(`${deployments}/web`, { ...deployment('web'), status: { replicas: 9 } });
  assert.equal(made.status.replicas, undefined);
  assert.equal(made.spec.template.spec.containers[0].imagePullPolicy, 'IfNotPresent');
  const [entry] = made.metadata.managedFields;
  assert.equal(entry.fieldsV1['f:status'], undefined);
  assert.deepEqual(
    Object.keys(entry.fieldsV1['f:spec']['f:template']['f:spec']['f:containers']['k:{"name":"c"}']),
    ['.', 'f:image', 'f:name', 'f:ports'],
  );
  const status = { apiVersion: 'apps/v1', kind: 'Deployment', status: { replicas: 2 } };
  const reported = await apply(`${deployments}/web/status`, status, 'reporter');
  assert.equal(reported.status.replicas, 2);
  const own = reported.metadata.managedFields.find(
    (each: { manager: string }) => each.manager === 'reporter',
  );
  assert.equal(own.subresource, 'status');
  assert.deepEqual(own.fieldsV1, { 'f:status': { 'f:replicas': {} } });
});

test('a scale takes the replicas from their applier, who is told', async () => {
  await apply(`${deployments}/scaled`, deployment('scaled'));
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'scaled', namespace: 'default' },
    spec: { replicas: 5 },
  };
  await api.put(`${deployments}/scaled/scale?fieldManager=scaler`, scale);
  const refused = await refusal(apply(`${deployments}/scaled`, deployment('scaled')));
  assert.equal(
    refused.message,
    'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
  );
});

test('a dry run shows and stores nothing', async () => {
  const dry = await apply(`${maps}/dry`, configMap('dry'), 'one', '&dryRun=All');
  assert.equal(dry.metadata.managedFields, undefined, 'no field to own');
  assert.equal((await refusal(api.get(`${maps}/dry`))).code, 404);
});

test('an update that changes nothing but times is no write; owners outlive a deletion mark', async () => {
  const path = `${maps}/quiet`;
  await api.post(`${maps}?fieldManager=maker`, {
    ...configMap('quiet', { data: { a: '1' } }),
    metadata: { name: 'quiet', finalizers: ['x.io/y'] },
  });
  const before = await api.get(path);
  await api.clock.advance(60_000);
  const after = await api.put(`${path}?fieldManager=maker`, structuredClone(before));
  assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
  const marked = await api.delete(path);
  assert.deepEqual(marked.metadata.managedFields, before.metadata.managedFields);
});

test('to create by applying takes the right to create', async () => {
  await api.post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'patcher' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }],
  });
  await api.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'patcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patcher' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'pat' }],
  });
  const request = (name: string) =>
    api.as('pat').request({
      method: 'PATCH',
      path: `${maps}/${name}?fieldManager=pat`,
      body: configMap(name, { data: { pat: '1' } }),
      contentType: type,
    });
  assert.equal((await refusal(request('new'))).code, 403);
  await api.post(maps, configMap('there'));
  await request('there');
});

const scale = (name: string, replicas: number) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name },
  spec: { replicas },
});

test('a scale can be applied: the replicas change hands in the object itself', async () => {
  await api.post(`${deployments}?fieldManager=maker`, deployment('scaled-by-apply'));
  const path = `${deployments}/scaled-by-apply/scale`;
  const refused = await refusal(apply(path, scale('scaled-by-apply', 5), 'scaler'));
  assert.equal(refused.code, 409);
  assert.match(refused.message, /conflict with "maker" using apps\/v1: \.spec\.replicas/);
  const forced = await apply(path, scale('scaled-by-apply', 5), 'scaler', '&force=true');
  assert.deepEqual([forced.kind, forced.spec.replicas], ['Scale', 5]);
  const stored = await api.get(`${deployments}/scaled-by-apply`);
  const entry = stored.metadata.managedFields.find((each: { manager: string }) => each.manager === 'scaler');
  assert.deepEqual(
    [entry.operation, entry.subresource, entry.apiVersion, entry.fieldsV1],
    ['Apply', 'scale', 'apps/v1', { 'f:spec': { 'f:replicas': {} } }],
  );
  const again = await apply(path, scale('scaled-by-apply', 5), 'scaler');
  assert.equal(again.metadata.resourceVersion, forced.metadata.resourceVersion, 'no write');
});

test('a scale that is no Scale, or of nothing, is refused', async () => {
  await api.post(deployments, deployment('plain'));
  const path = `${deployments}/plain/scale`;
  const odd = { ...scale('plain', 1), spec: { replicas: 'many' } };
  assert.match((await refusal(apply(path, odd))).message, /spec\.replicas: expected numeric/);
  assert.equal((await refusal(apply(path, deployment('plain')))).code, 400);
  assert.equal((await refusal(apply(`${deployments}/none/scale`, scale('none', 1)))).code, 404);
});
