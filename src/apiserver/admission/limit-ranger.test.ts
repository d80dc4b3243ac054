import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { pod, refusal, startApi, type TestApi } from '../testing/api.ts';

const core = '/api/v1/namespaces/default';
let api: TestApi;
before(async () => {
  api = await startApi();
  await api.post(`${core}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
});
beforeEach(() => api.delete(`${core}/limitranges`));
after(() => api.stop());

const range = (limits: object[]) =>
  api.post(`${core}/limitranges`, {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'r' },
    spec: { limits },
  });
const asking = (resources: object) => ({ containers: [{ name: 'c', image: 'i', resources }] });
const claim = (name: string, storage: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more },
});

test('what a container leaves out is filled in, and noted', async () => {
  await range([{ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } }]);
  const made = await api.post(`${core}/pods`, pod('filled', asking({ limits: { cpu: '2' } })));
  assert.deepEqual(made.spec.containers[0].resources, {
    limits: { cpu: '2', memory: '1Gi' },
    // Its own limit stands for the request it does not name; the range's default does for memory.
    requests: { cpu: '2', memory: '1Gi' },
  });
  assert.equal(
    made.metadata.annotations['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: memory request for container c; memory limit for container c',
  );
});

const rows: [what: string, limit: object, resources: object, message: string][] = [
  [
    'too little',
    { type: 'Container', min: { cpu: '100m' } },
    { requests: { cpu: '50m' } },
    'minimum cpu usage per Container is 100m, but request is 50m',
  ],
  [
    'too much',
    { type: 'Container', max: { memory: '1Gi' } },
    { limits: { memory: '2Gi' } },
    'maximum memory usage per Container is 1Gi, but limit is 2Gi',
  ],
  [
    'no limit',
    { type: 'Pod', max: { cpu: '1' } },
    {},
    'maximum cpu usage per Pod is 1.  No limit is specified',
  ],
  [
    'too wide a range',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
    'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
  ],
];
for (const [what, limit, resources, message] of rows) {
  test(`a pod with ${what} is refused`, async () => {
    await range([limit]);
    const refused = await refusal(api.post(`${core}/pods`, pod('p', asking(resources))));
    assert.equal(refused.code, 403);
    assert.equal(refused.message, `pods "p" is forbidden: ${message}`);
  });
}

test('a claim is bounded', async () => {
  await range([{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }]);
  const refused = await refusal(api.post(`${core}/persistentvolumeclaims`, claim('big', '2Gi')));
  assert.equal(
    refused.message,
    'persistentvolumeclaims "big" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
  );
});

test('a claim without a class gets the default one, the newest of several', async () => {
  const make = (name: string) =>
    api.post('/apis/storage.k8s.io/v1/storageclasses', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'x.io/y',
    });
  const classOf = async (name: string, more: object = {}) =>
    (await api.post(`${core}/persistentvolumeclaims`, claim(name, '1Gi', more))).spec.storageClassName;
  assert.equal(await classOf('none-yet'), undefined);
  await make('old');
  await api.clock.advance(5000);
  await make('new');
  assert.equal(await classOf('defaulted'), 'new');
  assert.equal(await classOf('of-none', { storageClassName: '' }), '');
});
