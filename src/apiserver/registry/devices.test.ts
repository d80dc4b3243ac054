import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refusal, startApi, type TestApi } from '../testing/api.ts';

const group = '/apis/resource.k8s.io/v1';
const claims = `${group}/namespaces/default/resourceclaims`;
let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

const devices = (adminAccess?: boolean) => ({
  requests: [
    { name: 'plain', exactly: { deviceClassName: 'gpu' } },
    { name: 'admin', exactly: { deviceClassName: 'gpu', ...(adminAccess && { adminAccess }) } },
  ],
});
const claim = (name: string, adminAccess?: boolean) => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name },
  spec: { devices: devices(adminAccess) },
});
const unlabelled =
  'Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';

test('admin access is for namespaces that carry the label', async () => {
  const refused = await refusal(api.post(claims, claim('admin', true)));
  const field = 'spec.devices.requests[1].adminAccess';
  assert.deepEqual(refused.status.details?.causes, [
    { reason: 'FieldValueForbidden', field, message: unlabelled },
  ]);
  const template = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaimTemplate',
    metadata: { name: 'admin' },
    spec: { spec: { devices: devices(true) } },
  };
  const templates = `${group}/namespaces/default/resourceclaimtemplates`;
  assert.equal((await refusal(api.post(templates, template))).status.details?.causes?.[0]?.field, field);

  await api.post(claims, claim('plain'));
  const result = { request: 'admin', driver: 'd', pool: 'p', device: 'x', adminAccess: true };
  const status = { allocation: { devices: { results: [result] } } };
  const written = () => api.patch(`${claims}/plain/status`, { status });
  assert.deepEqual((await refusal(written())).status.details?.causes, [
    {
      reason: 'FieldValueForbidden',
      field: 'status.allocation.devices.results[0].adminAccess',
      message: unlabelled,
    },
  ]);

  const labels = { 'resource.kubernetes.io/admin-access': 'true' };
  await api.patch('/api/v1/namespaces/default', { metadata: { labels } });
  await api.post(claims, claim('admin', true));
  await written();
  // What is allocated keeps it.
  await api.patch('/api/v1/namespaces/default', { metadata: { labels: null } });
  await api.patch(`${claims}/plain/status`, {
    status: { reservedFor: [{ resource: 'pods', name: 'a', uid: '1' }] },
  });
});

test('no users are added to a claim that is being deleted', async () => {
  const name = 'dying';
  await api.post(claims, {
    ...claim(name),
    metadata: { name, finalizers: ['resource.kubernetes.io/delete-protection'] },
  });
  const result = { request: 'plain', driver: 'd', pool: 'p', device: 'x' };
  const [first, second] = [1, 2].map(i => ({ resource: 'pods', name: `p${i}`, uid: `${i}` }));
  const status = { allocation: { devices: { results: [result] } }, reservedFor: [first] };
  await api.patch(`${claims}/${name}/status`, { status });
  await api.delete(`${claims}/${name}`);
  const path = `${claims}/${name}/status`;
  const more = await refusal(api.patch(path, { status: { reservedFor: [first, second] } }));
  assert.deepEqual(more.status.details?.causes, [
    {
      reason: 'FieldValueForbidden',
      field: 'status.reservedFor',
      message:
        'Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
    },
  ]);
  await api.patch(path, { status: { reservedFor: null } });
});

test('a taint of a device began when it was written', async () => {
  const slice = await api.post(`${group}/resourceslices`, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 'slice' },
    spec: {
      driver: 'd',
      nodeName: 'n',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      devices: [
        {
          name: 'x',
          taints: [
            { key: 'new', effect: 'NoSchedule' },
            { key: 'old', effect: 'NoSchedule', timeAdded: '2020-01-01T00:00:00Z' },
          ],
        },
      ],
    },
  });
  const times = slice.spec.devices[0].taints.map(({ timeAdded }: { timeAdded: string }) => timeAdded);
  assert.deepEqual(times, ['2030-01-01T00:00:00Z', '2020-01-01T00:00:00Z']);
});
