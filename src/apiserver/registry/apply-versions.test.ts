import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refusal, startApi, type TestApi } from '../testing/api.ts';
import { crontabs, cronVersion } from '../testing/custom.ts';

/** Who owns what where managers speak different versions of a kind. */

let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

const applyType = 'application/apply-patch+yaml';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
}

/** `manager version` → fieldsV1. */
async function owners(path: string): Promise<Record<string, unknown>> {
  const { metadata } = await api.get(path);
  const entries: { manager: string; apiVersion: string; fieldsV1: unknown }[] = metadata.managedFields ?? [];
  return Object.fromEntries(
    entries.map(({ manager, apiVersion, fieldsV1 }) => [
      `${manager} ${apiVersion.split('/').at(-1)}`,
      fieldsV1,
    ]),
  );
}

const scalers = (v: string) => `/apis/autoscaling/${v}/namespaces/default/horizontalpodautoscalers`;
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const applyScaler = (name: string, v: string, spec: object, manager: string, more = '') =>
  api.patch(
    `${scalers(v)}/${name}?fieldManager=${manager}${more}`,
    {
      apiVersion: `autoscaling/${v}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name },
      spec: { scaleTargetRef: target, ...spec },
    },
    applyType,
  );

test('autoscaling/v1 and v2: a change in one takes the fields of the other', async () => {
  await applyScaler('a', 'v2', { maxReplicas: 5, minReplicas: 2, metrics: [cpu(50)] }, 'one');
  await api.patch(`${scalers('v1')}/a?fieldManager=edit`, { spec: { targetCPUUtilizationPercentage: 60 } });
  assert.deepEqual(await owners(`${scalers('v2')}/a`), {
    'one v2': {
      'f:spec': {
        'f:maxReplicas': {},
        'f:minReplicas': {},
        'f:scaleTargetRef': { 'f:apiVersion': {}, 'f:kind': {}, 'f:name': {} },
      },
    },
    'edit v1': { 'f:spec': { 'f:targetCPUUtilizationPercentage': {} } },
  });
  const more = { maxReplicas: 5, minReplicas: 2, metrics: [cpu(70)] };
  const refused = await refusal(applyScaler('a', 'v2', more, 'one'));
  assert.equal(
    refused.message,
    'Apply failed with 1 conflict: conflict with "edit" using autoscaling/v1: .spec.targetCPUUtilizationPercentage',
  );
  await applyScaler('a', 'v2', more, 'one', '&force=true');
  assert.deepEqual(Object.keys(await owners(`${scalers('v2')}/a`)), ['one v2']);
});

test('autoscaling/v1 and v2: an applier that goes to the other version gives up what it leaves out', async () => {
  await applyScaler('b', 'v2', { maxReplicas: 5, minReplicas: 2, metrics: [cpu(50)] }, 'one');
  await applyScaler('b', 'v2', { maxReplicas: 5 }, 'two');
  await applyScaler('b', 'v1', { targetCPUUtilizationPercentage: 50, maxReplicas: 5 }, 'one');
  const { spec } = await api.get(`${scalers('v2')}/b`);
  assert.deepEqual([spec.maxReplicas, spec.minReplicas, spec.metrics], [5, 1, [cpu(50)]]);
  assert.deepEqual(Object.keys(await owners(`${scalers('v2')}/b`)).sort(), ['one v1', 'two v2']);
  const less = await applyScaler('b', 'v1', { targetCPUUtilizationPercentage: 50 }, 'one');
  assert.equal(less.spec.maxReplicas, 5, 'two still owns it, in v2');
});

test('events of either group: what one calls a note the other calls a message', async () => {
  const older = '/api/v1/namespaces/default/events/e';
  const newer = '/apis/events.k8s.io/v1/namespaces/default/events/e';
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    eventTime: '2030-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'c-1',
    action: 'Begin',
    reason: 'Began',
    type: 'Normal',
    regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
    note: 'first',
  };
  await api.patch(`${newer}?fieldManager=one`, event, applyType);
  await api.patch(`${older}?fieldManager=two`, { message: 'second' });
  const owned = await owners(older);
  assert.deepEqual(owned['two v1'], { 'f:message': {} });
  assert.deepEqual(Object.keys(owned['one v1'] as object).includes('f:note'), false);
  assert.deepEqual(Object.keys(owned['one v1'] as object).includes('f:regarding'), true);
});

test('custom resources without a webhook: versions share their fields; one that is gone leaves no owners', async () => {
  const base = crontabs('lamps', 'Lamp');
  const group = base.spec.group;
  const lamps = (v: string) => `/apis/${group}/${v}/namespaces/default/lamps/a`;
  const define = (...versions: object[]) => ({ ...base, spec: { ...base.spec, versions } });
  const notStored = { storage: false };
  await api.post(
    definitions,
    define(cronVersion('v1'), cronVersion('v2', notStored, { color: { type: 'string' } })),
  );
  await settled();
  const apply = (v: string, spec: object, manager: string) =>
    api.patch(
      `${lamps(v)}?fieldManager=${manager}`,
      { apiVersion: `${group}/${v}`, kind: 'Lamp', metadata: { name: 'a' }, spec },
      applyType,
    );
  await apply('v1', { image: 'i', cronSpec: '* *' }, 'one');
  await apply('v2', { image: 'i' }, 'two');
  assert.equal(
    (await refusal(apply('v2', { image: 'j' }, 'two'))).message,
    'Apply failed with 1 conflict: conflict with "one": .spec.image',
  );
  await apply('v2', { cronSpec: '* *' }, 'two');
  await apply('v1', { image: 'i' }, 'one');
  assert.deepEqual((await api.get(lamps('v1'))).spec, { image: 'i', cronSpec: '* *', replicas: 1 });
  assert.deepEqual(await owners(lamps('v1')), {
    'one v1': { 'f:spec': { 'f:image': {} } },
    'two v2': { 'f:spec': { 'f:cronSpec': {} } },
  });

  // v2 becomes v3, by way of both: the next write of an object forgets who owned fields by the old name.
  const { metadata } = await api.get(`${definitions}/lamps.${group}`);
  await api.put(`${definitions}/lamps.${group}`, {
    ...define(cronVersion('v1'), cronVersion('v3', notStored)),
    metadata,
  });
  await settled();
  assert.deepEqual(Object.keys(await owners(lamps('v1'))).sort(), ['one v1', 'two v2']);
  await api.patch(`${lamps('v3')}?fieldManager=three`, { metadata: { labels: { on: 'yes' } } });
  assert.deepEqual(await owners(lamps('v1')), {
    'one v1': { 'f:spec': { 'f:image': {} } },
    'three v3': { 'f:metadata': { 'f:labels': { '.': {}, 'f:on': {} } } },
  });
  await apply('v3', { cronSpec: '1 1' }, 'four');
  assert.deepEqual((await api.get(lamps('v1'))).spec, { image: 'i', cronSpec: '1 1', replicas: 1 });
});
