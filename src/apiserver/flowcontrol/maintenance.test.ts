import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApi, type TestApi } from '../testing/api.ts';

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

const settle = () => api.clock.advance(1000);
const schemaOf = (name: string) => api.get(`${group}/flowschemas/${name}`);

test('a schema says whether its level exists', async () => {
  const level = 'later';
  await api.post(`${group}/flowschemas`, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'mine' },
    spec: { matchingPrecedence: 5000, priorityLevelConfiguration: { name: level } },
  });
  await settle();
  const dangling = async () => (await schemaOf('mine')).status.conditions[0];
  assert.equal((await dangling()).status, 'True');
  assert.equal(
    (await dangling()).message,
    'This FlowSchema references the PriorityLevelConfiguration object named "later" but there is no such object',
  );
  await api.post(`${group}/prioritylevelconfigurations`, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name: level },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  });
  await settle();
  assert.equal((await dangling()).status, 'False');
  assert.equal((await dangling()).reason, 'Found');
});

test('what every cluster has comes back; a suggested object may be taken over', async () => {
  await api.delete(`${group}/flowschemas/catch-all`);
  await settle();
  assert.equal((await schemaOf('catch-all')).spec.matchingPrecedence, 10_000);

  await api.patch(`${group}/flowschemas/service-accounts`, { spec: { matchingPrecedence: 8000 } });
  await settle();
  assert.equal((await schemaOf('service-accounts')).spec.matchingPrecedence, 9000);

  const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'false' };
  await api.patch(`${group}/flowschemas/service-accounts`, {
    metadata: { annotations },
    spec: { matchingPrecedence: 8000 },
  });
  await settle();
  assert.equal((await schemaOf('service-accounts')).spec.matchingPrecedence, 8000);
});
