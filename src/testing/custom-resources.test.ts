import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Namespace, ResourceQuota } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import { MemoryCluster } from './memory-cluster.ts';

/** Custom resources and the controllers that look at objects of any kind. */

const group = 'stable.example.com';
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
let cluster: MemoryCluster;

before(async () => {
  cluster = new MemoryCluster();
  await cluster.start([], []);
  await request('POST', crds, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  });
  await cluster.until('widgets are served', () => exists(`/apis/${group}/v1/widgets`));
});
after(() => cluster.stop());

function request<T = KubeObject>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) {
  return cluster.transport.request<T>({ method, path, ...(body && { body }) });
}

async function exists(path: string): Promise<boolean> {
  try {
    await request('GET', path);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return false;
    throw error;
  }
}

async function namespace(name: string): Promise<void> {
  await request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await cluster.until('the service account is there', () =>
    exists(`/api/v1/namespaces/${name}/serviceaccounts/default`),
  );
}

const widgets = (at: string) => `/apis/${group}/v1/namespaces/${at}/widgets`;
const configMaps = (at: string) => `/api/v1/namespaces/${at}/configmaps`;
const widget = (name: string, metadata: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name, ...metadata },
});
const ownedBy = ({ apiVersion, kind, metadata }: KubeObject, more: object = {}) => ({
  ownerReferences: [{ apiVersion, kind, name: metadata?.name, uid: metadata?.uid, ...more }],
});

test('what a custom resource owns goes with it', async () => {
  await namespace('owner');
  const owner = await request('POST', widgets('owner'), widget('a'));
  const owned = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ...ownedBy(owner) } };
  await request('POST', configMaps('owner'), owned);
  await request('DELETE', `${widgets('owner')}/a`);
  await cluster.until('the config map is gone', async () => !(await exists(`${configMaps('owner')}/c`)));
});

test('a custom resource goes with its owner, and holds it where it is to go first', async () => {
  await namespace('owned');
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
  const owner = await request('POST', configMaps('owned'), configMap);
  const held = { ...ownedBy(owner, { blockOwnerDeletion: true }), finalizers: ['example.com/hold'] };
  await request('POST', widgets('owned'), widget('a', held));
  await request('DELETE', `${configMaps('owned')}/c?propagationPolicy=Foreground`);
  await cluster.until('the widget is going', async () => {
    const { metadata } = await request('GET', `${widgets('owned')}/a`);
    return metadata?.deletionTimestamp !== undefined;
  });
  assert.ok(await exists(`${configMaps('owned')}/c`));
  await cluster.transport.request({
    method: 'PATCH',
    path: `${widgets('owned')}/a`,
    body: { metadata: { finalizers: null } },
    contentType: 'application/merge-patch+json',
  });
  await cluster.until('the owner is gone', async () => !(await exists(`${configMaps('owned')}/c`)));
});

test('a namespace that goes takes custom resources along', async () => {
  await namespace('going');
  await request('POST', widgets('going'), widget('a', { finalizers: ['example.com/hold'] }));
  await request('DELETE', '/api/v1/namespaces/going');
  await cluster.until('the namespace says what remains', async () => {
    const { status } = await request<Namespace>('GET', '/api/v1/namespaces/going');
    return JSON.stringify(status).includes(`widgets.${group} has 1 resource instances`);
  });
  await cluster.transport.request({
    method: 'PATCH',
    path: `${widgets('going')}/a`,
    body: { metadata: { finalizers: null } },
    contentType: 'application/merge-patch+json',
  });
  await cluster.until('the namespace is gone', async () => !(await exists('/api/v1/namespaces/going')));
});

test('quotas count custom resources', async () => {
  await namespace('counted');
  const quotas = '/api/v1/namespaces/counted/resourcequotas';
  const spec = { hard: { [`count/widgets.${group}`]: '1' } };
  await request('POST', quotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec });
  await cluster.until('the quota is counted', async () => {
    return (await request<ResourceQuota>('GET', `${quotas}/q`)).status?.used !== undefined;
  });
  await request('POST', widgets('counted'), widget('a'));
  const refused = await request('POST', widgets('counted'), widget('b')).catch(error => error as ApiError);
  assert.ok(refused instanceof ApiError);
  assert.match(refused.message, /exceeded quota: q, requested: count\/widgets.stable.example.com=1/);
  await request('DELETE', `${widgets('counted')}/a`);
  await cluster.until('the place is free again', async () => {
    const { status } = await request<ResourceQuota>('GET', `${quotas}/q`);
    return status?.used?.[`count/widgets.${group}`] === '0';
  });
});
