import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { ResourceQuota, ResourceQuotaSpec } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import { MemoryCluster } from './memory-cluster.ts';

let cluster: MemoryCluster;
let namespaces = 0;
let base = '';

before(async () => {
  cluster = new MemoryCluster();
  await cluster.start([], []);
});
after(() => cluster.stop());
beforeEach(async () => {
  const name = `n${++namespaces}`;
  base = `/api/v1/namespaces/${name}`;
  await request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await cluster.until('the service account is there', async () => {
    return request('GET', `${base}/serviceaccounts/default`).then(
      () => true,
      () => false,
    );
  });
});

function request<T = KubeObject>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return cluster.transport.request<T>({ method, path, contentType, ...(body && { body }) });
}

async function refused(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    error => error as unknown,
  );
  assert.ok(error instanceof ApiError, `refused with a Status, not ${String(error)}`);
  assert.equal(error.code, 403);
  return error.message;
}

const quota = async (name: string, spec: ResourceQuotaSpec) => {
  const body = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec };
  await request('POST', `${base}/resourcequotas`, body);
  await cluster.until(`${name} is counted`, async () => (await statusOf(name)).used !== undefined);
};
const statusOf = async (name: string) =>
  (await request<ResourceQuota>('GET', `${base}/resourcequotas/${name}`)).status ?? {};
const usedOf = async (name: string) => (await statusOf(name)).used;
const untilUsed = async (name: string, used: Record<string, string>) => {
  const wanted = JSON.stringify(Object.entries(used).sort());
  await cluster.until(`${name} says ${wanted}`, async () => {
    return JSON.stringify(Object.entries((await usedOf(name)) ?? {}).sort()) === wanted;
  });
};

const object = (kind: string, name: string, rest: object = {}, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});
const pod = (name: string, resources: object = {}, spec: object = {}) =>
  object('Pod', name, { spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec } });
const service = (name: string, spec: object) =>
  object('Service', name, { spec: { ports: [{ port: 80 }], ...spec } });

test('objects are counted as they come and go, and the status follows the spec', async () => {
  await quota('q', { hard: { configmaps: '3', 'count/secrets': '1', resourcequotas: '5' } });
  // The one there is holds the cluster's certificate.
  await untilUsed('q', { configmaps: '1', 'count/secrets': '0', resourcequotas: '1' });
  await request('POST', `${base}/configmaps`, object('ConfigMap', 'a'));
  assert.equal((await usedOf('q'))?.configmaps, '2', 'the use is written before the create is answered');
  await request('POST', `${base}/secrets`, object('Secret', 's'));
  assert.equal(
    await refused(request('POST', `${base}/secrets`, object('Secret', 't'))),
    'secrets "t" is forbidden: exceeded quota: q, requested: count/secrets=1, used: count/secrets=1, limited: count/secrets=1',
  );
  await request('DELETE', `${base}/configmaps/a`);
  await request('DELETE', `${base}/secrets/s`);
  await untilUsed('q', { configmaps: '1', 'count/secrets': '0', resourcequotas: '1' });
  await request('PATCH', `${base}/resourcequotas/q`, { spec: { hard: { configmaps: '7' } } });
  await cluster.until('the new limit is in the status', async () => {
    return (await statusOf('q')).hard?.configmaps === '7';
  });
  await request('PATCH', `${base}/resourcequotas/q/status`, { status: { hard: { configmaps: '9' } } });
  await cluster.until('a status that is not the spec is mended', async () => {
    return (await statusOf('q')).hard?.configmaps === '7';
  });
});

test('creates that come together share what is left', async () => {
  await quota('q', { hard: { 'count/secrets': '5' } });
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => request('POST', `${base}/secrets`, object('Secret', `s${i}`))),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 5);
  assert.equal((await usedOf('q'))?.['count/secrets'], '5');
});

test('a dry run uses nothing', async () => {
  await quota('q', { hard: { 'count/secrets': '1' } });
  await request('POST', `${base}/secrets?dryRun=All`, object('Secret', 's'));
  assert.equal((await usedOf('q'))?.['count/secrets'], '0');
  await request('POST', `${base}/secrets`, object('Secret', 's'));
  assert.match(
    await refused(request('POST', `${base}/secrets?dryRun=All`, object('Secret', 't'))),
    /exceeded quota: q/,
  );
});

test('pods have to say what they take of a bounded resource, and are held to it', async () => {
  await quota('q', {
    hard: { 'requests.cpu': '1', 'limits.memory': '1Gi', 'requests.example.com/gpu': '2' },
  });
  assert.equal(
    await refused(request('POST', `${base}/pods`, pod('silent'))),
    'pods "silent" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
  );
  const resources = {
    requests: { cpu: '600m', 'example.com/gpu': '1' },
    limits: { memory: '600Mi', 'example.com/gpu': '1' },
  };
  await request('POST', `${base}/pods`, pod('first', resources));
  assert.deepEqual(await usedOf('q'), {
    'requests.cpu': '600m',
    'limits.memory': '600Mi',
    'requests.example.com/gpu': '1',
  });
  assert.equal(
    await refused(request('POST', `${base}/pods`, pod('second', resources))),
    'pods "second" is forbidden: exceeded quota: q, requested: limits.memory=600Mi,requests.cpu=600m, used: limits.memory=600Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
  );
  const more = {
    containers: [{ name: 'c', resources: { requests: { cpu: '1100m', 'example.com/gpu': '1' } } }],
  };
  const resized = cluster.transport.request({
    method: 'PATCH',
    path: `${base}/pods/first/resize`,
    contentType: 'application/strategic-merge-patch+json',
    body: { spec: more },
  });
  assert.equal(
    await refused(resized),
    'pods "first" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
  await request('DELETE', `${base}/pods/first?gracePeriodSeconds=0`);
  await untilUsed('q', { 'requests.cpu': '0', 'limits.memory': '0', 'requests.example.com/gpu': '0' });
});

test('a pod that has ended gives back its share', async () => {
  await quota('q', { hard: { pods: '1', 'count/pods': '5' } });
  await request('POST', `${base}/pods`, pod('p'));
  await request('PATCH', `${base}/pods/p/status`, { status: { phase: 'Succeeded' } });
  await untilUsed('q', { pods: '0', 'count/pods': '1' });
});

const scoped: [scope: ResourceQuotaSpec, inside: object, outside: object][] = [
  [{ scopes: ['BestEffort'] }, pod('p'), pod('o', { requests: { cpu: '1m' } })],
  [{ scopes: ['NotBestEffort'] }, pod('p', { requests: { cpu: '1m' } }), pod('o')],
  [{ scopes: ['Terminating'] }, pod('p', {}, { activeDeadlineSeconds: 60 }), pod('o')],
  [{ scopes: ['NotTerminating'] }, pod('p'), pod('o', {}, { activeDeadlineSeconds: 60 })],
  [
    {
      scopeSelector: {
        matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical'] }],
      },
    },
    pod('p', {}, { priorityClassName: 'system-node-critical' }),
    pod('o', {}, { priorityClassName: 'system-cluster-critical' }),
  ],
  [
    { scopes: ['CrossNamespacePodAffinity'] },
    pod('p', {}, { affinity: affinityTo({ namespaces: ['other'] }) }),
    pod('o', {}, { affinity: affinityTo({}) }),
  ],
];

function affinityTo(term: object) {
  const requiredDuringSchedulingIgnoredDuringExecution = [{ topologyKey: 'x', ...term }];
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution } };
}

for (const [scope, inside, outside] of scoped) {
  test(`pods in and out of the scope ${JSON.stringify(scope)}`, async () => {
    await quota('q', { hard: { pods: '1' }, ...scope });
    await request('POST', `${base}/pods`, outside);
    assert.deepEqual(await usedOf('q'), { pods: '0' });
    await request('POST', `${base}/pods`, inside);
    assert.deepEqual(await usedOf('q'), { pods: '1' });
    await request('DELETE', `${base}/pods/p?gracePeriodSeconds=0`);
    await untilUsed('q', { pods: '0' });
  });
}

test('services by their ports and addresses, also as they change', async () => {
  await quota('q', { hard: { services: '3', 'services.nodeports': '1', 'services.loadbalancers': '1' } });
  await request('POST', `${base}/services`, service('a', { type: 'NodePort' }));
  assert.equal(
    await refused(request('POST', `${base}/services`, service('b', { type: 'LoadBalancer' }))),
    'services "b" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
  );
  await request('POST', `${base}/services`, service('b', { type: 'ClusterIP' }));
  await refused(request('PATCH', `${base}/services/b`, { spec: { type: 'NodePort' } }));
  const withoutPorts = { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false } };
  await request('PATCH', `${base}/services/b`, withoutPorts);
  await request('DELETE', `${base}/services/a`);
  await untilUsed('q', { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '1' });
});

test('claims by their size and their class', async () => {
  const gold = 'gold.storageclass.storage.k8s.io';
  const hard = { 'requests.storage': '10Gi', [`${gold}/requests.storage`]: '2Gi' };
  await quota('q', { hard: { ...hard, [`${gold}/persistentvolumeclaims`]: '5' } });
  const claim = (name: string, storageClassName: string) =>
    object('PersistentVolumeClaim', name, {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '2Gi' } } },
    });
  await request('POST', `${base}/persistentvolumeclaims`, claim('a', 'gold'));
  await request('POST', `${base}/persistentvolumeclaims`, claim('b', 'silver'));
  assert.deepEqual(await usedOf('q'), {
    'requests.storage': '4Gi',
    [`${gold}/requests.storage`]: '2Gi',
    [`${gold}/persistentvolumeclaims`]: '1',
  });
  assert.match(
    await refused(request('POST', `${base}/persistentvolumeclaims`, claim('c', 'gold'))),
    /requested: gold.storageclass.storage.k8s.io\/requests.storage=2Gi, used: .*=2Gi, limited: .*=2Gi$/,
  );
});

test('any other kind by count/…', async () => {
  await quota('q', { hard: { 'count/deployments.apps': '0', 'count/replicasets.apps': '1' } });
  const path = base.replace('/api/v1', '/apis/apps/v1');
  const labels = { a: 'b' };
  const spec = {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  };
  assert.match(
    await refused(request('POST', `${path}/deployments`, object('Deployment', 'd', { spec }, 'apps/v1'))),
    /exceeded quota: q, requested: count\/deployments.apps=1, used: count\/deployments.apps=0/,
  );
  await request('POST', `${path}/replicasets`, object('ReplicaSet', 'r', { spec }, 'apps/v1'));
  assert.equal((await usedOf('q'))?.['count/replicasets.apps'], '1');
});
