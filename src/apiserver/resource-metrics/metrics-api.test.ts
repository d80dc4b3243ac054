import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { APIService } from '../../api/generated/types.ts';
import { refusal, startApi, type TestApi } from '../testing/api.ts';
import type { NodeMetrics } from './node-metrics.ts';

const base = '/apis/metrics.k8s.io/v1beta1';
const serviceName = 'v1beta1.metrics.k8s.io';
const servicePath = `/apis/apiregistration.k8s.io/v1/apiservices/${serviceName}`;

/** Nodes whose pods each use half a core; one node does not answer. */
class FakeNodes implements NodeMetrics {
  /** The nodes asked, in order. */
  asked: string[] = [];
  pods: Record<string, string[]> = { n1: ['web', 'db'], n2: ['job'] };
  now: () => number = () => 0;

  async read(node: string): Promise<string> {
    this.asked.push(node);
    const names = this.pods[node];
    if (!names) throw new Error('connection refused');
    const at = this.now();
    const used = at / 2000;
    const lines = names.flatMap(pod => {
      const labels = `{container="main",namespace="default",pod="${pod}"}`;
      return [
        `container_cpu_usage_seconds_total${labels} ${used} ${at}`,
        `container_memory_working_set_bytes${labels} 3072000 ${at}`,
        `container_start_time_seconds${labels} 1 ${at}`,
      ];
    });
    return [
      ...lines,
      `node_cpu_usage_seconds_total ${used} ${at}`,
      `node_memory_working_set_bytes 4096 ${at}`,
    ].join('\n');
  }
}

const nodes = new FakeNodes();
let api: TestApi;
before(async () => {
  api = await startApi({}, { nodeMetrics: nodes });
  nodes.now = () => api.clock.now();
  for (const name of ['n1', 'n2', 'n3']) await createNode(name, 'True');
  await createNode('away', 'Unknown');
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await api.post('/api/v1/namespaces/default/serviceaccounts', account);
  for (const [name, node] of [
    ['web', 'n1'],
    ['db', 'n1'],
    ['job', 'n2'],
    ['lost', 'n3'],
    ['pending', ''],
  ] as const)
    await createPod(name, node);
  await until(() => conditionOf().then(found => found?.status === 'True'));
});
after(() => api.stop());

async function createNode(name: string, ready: string): Promise<void> {
  await api.post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const status = { conditions: [{ type: 'Ready', status: ready }] };
  await api.patch(`/api/v1/nodes/${name}/status`, { status });
}

async function createPod(name: string, nodeName: string): Promise<void> {
  await api.post('/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'x' }], ...(nodeName && { nodeName }) },
  });
  if (nodeName)
    await api.patch(`/api/v1/namespaces/default/pods/${name}/status`, { status: { phase: 'Running' } });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let round = 0; !(await condition()); round++) {
    assert.ok(round < 500);
    await api.clock.advance(20);
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** Lets time pass until the request is answered. */
async function answered<T>(request: Promise<T>): Promise<T> {
  let done = false;
  const settled = request.finally(() => {
    done = true;
  });
  settled.catch(() => {});
  await until(async () => done);
  return settled;
}

const conditionOf = async () => {
  const service = (await api.get(servicePath).catch(() => undefined)) as APIService | undefined;
  return service?.status?.conditions?.find(({ type }) => type === 'Available');
};

const names = ({ items }: { items: { metadata: { name: string } }[] }) =>
  items.map(each => each.metadata.name);

test('the first question waits for a second reading, the next ones do not; nobody asks, nothing is read', async () => {
  assert.deepEqual(nodes.asked, []);
  const started = api.clock.now();
  const list = await answered(api.get(`${base}/nodes`));
  assert.ok(api.clock.now() - started >= 1000);
  assert.deepEqual(names(list), ['n1', 'n2']);
  assert.equal(list.kind, 'NodeMetricsList');
  const [{ usage, window }] = list.items;
  assert.deepEqual([usage, window], [{ cpu: '500m', memory: '4Ki' }, '1s']);
  assert.deepEqual(nodes.asked, ['n1', 'n2', 'n3', 'n1', 'n2', 'n3']);

  const pods = await api.get(`${base}/namespaces/default/pods`);
  assert.deepEqual(names(pods), ['db', 'job', 'web']);
  assert.deepEqual(pods.items[0].containers, [{ name: 'main', usage: { cpu: '500m', memory: '3000Ki' } }]);
  assert.equal(nodes.asked.length, 6);

  await api.clock.advance(15_000);
  assert.equal(nodes.asked.length, 6);
  const later = await api.get(`${base}/nodes/n1`);
  assert.equal(later.kind, 'NodeMetrics');
  assert.ok(Number.parseFloat(later.window) >= 15, later.window);
  assert.equal(nodes.asked.length, 9);
});

test('a pod is listed with its second reading', async () => {
  nodes.pods.n1!.push('fresh');
  await createPod('fresh', 'n1');
  await api.clock.advance(6000);
  const gone = await refusal(api.get(`${base}/namespaces/default/pods/fresh`));
  assert.match(gone.message, /^podmetrics\.metrics\.k8s\.io "default\/fresh" not found$/);
  await api.clock.advance(6000);
  assert.equal((await api.get(`${base}/namespaces/default/pods/fresh`)).kind, 'PodMetrics');
});

test('selectors, verbs that are not there', async () => {
  assert.deepEqual(names(await api.get(`${base}/pods?labelSelector=app%20in%20(web,lost)`)), ['web']);
  assert.deepEqual(names(await api.get(`${base}/pods?fieldSelector=metadata.name%3Ddb`)), ['db']);
  assert.equal((await refusal(api.get(`${base}/pods?fieldSelector=spec.nodeName%3Dn1`))).code, 400);
  assert.match(
    (await refusal(api.get(`${base}/namespaces/default/pods/none`))).message,
    /^pods "none" not f/,
  );
  assert.match(
    (await refusal(api.get(`${base}/nodes/n3`))).message,
    /^nodemetrics\.metrics\.k8s\.io "n3" not/,
  );
  assert.equal((await refusal(api.delete(`${base}/nodes/n1`))).code, 405);
  assert.equal((await refusal(api.get(`${base}/pods?watch=true`))).code, 405);
  assert.equal((await refusal(api.get(`${base}/namespaces/default/nodes`))).code, 404);
});

/** What is answered to a client that accepts this. */
async function accepted(path: string, accept: string) {
  const { body } = await api.server.handle({
    ...{ method: 'GET', path, query: new URLSearchParams(), headers: { accept }, body: { kind: 'none' } },
    ...{ signal: new AbortController().signal, user: { name: 'admin', groups: ['system:masters'] } },
    ...{ inProcess: true, remoteAddress: '' },
  });
  assert.equal(body.kind, 'value');
  // biome-ignore lint/suspicious/noExplicitAny: answers of tests are looked into without ceremony
  return (body as { value(): any }).value();
}

test('tables and metadata alone', async () => {
  const table = await accepted(
    `${base}/namespaces/default/pods`,
    'application/json;as=Table;g=meta.k8s.io;v=v1',
  );
  assert.deepEqual(
    table.columnDefinitions.map((each: { name: string }) => each.name),
    ['Name', 'cpu', 'memory', 'Window'],
  );
  const [name, cpu, memory] = table.rows[0].cells;
  assert.deepEqual([name, cpu, memory], ['db', '500m', '3000Ki']);
  const metadata = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const list = await accepted(`${base}/nodes`, metadata);
  assert.deepEqual([list.kind, list.items[0].usage], ['PartialObjectMetadataList', undefined]);
});

test('discovery and OpenAPI tell of it', async () => {
  const all = await accepted('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  const group = all.items.at(-1);
  assert.equal(group.metadata.name, 'metrics.k8s.io');
  const told = group.versions[0].resources.map(
    (each: { responseKind: { kind: string }; verbs: string[] }) => [each.responseKind.kind, ...each.verbs],
  );
  assert.deepEqual(told, [
    ['NodeMetrics', 'get', 'list'],
    ['PodMetrics', 'get', 'list'],
  ]);
  const { paths } = JSON.parse(await api.get('/openapi/v3'));
  assert.ok(paths['apis/metrics.k8s.io/v1beta1']);
});

test('who may view a namespace may see what its pods use', async () => {
  await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'viewer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'viewer' }],
  });
  const viewer = api.as('viewer');
  const get = (path: string) => viewer.request<{ kind: string }>({ method: 'GET', path: `${base}${path}` });
  assert.equal((await get('/namespaces/default/pods')).kind, 'PodMetricsList');
  for (const path of ['/pods', '/nodes', '/namespaces/kube-system/pods']) {
    assert.equal((await refusal(get(path))).code, 403, path);
  }
});

const resourceNames = async () => {
  const found = await api.get(base).catch(() => undefined);
  return found?.resources.map((each: { name: string }) => each.name);
};

test('another server takes the place of this one, and gives it back', async () => {
  assert.deepEqual(await resourceNames(), ['nodes', 'pods']);
  assert.equal((await conditionOf())?.reason, 'Local');
  const service = { name: 'metrics-server', namespace: 'kube-system', port: 443 };
  await api.patch(servicePath, { spec: { service, insecureSkipTLSVerify: true } });
  await until(async () => (await conditionOf())?.reason === 'ServiceNotFound');
  assert.equal((await refusal(api.get(`${base}/nodes`))).code, 503);
  await api.delete(servicePath);
  await until(async () => (await conditionOf())?.reason === 'Local');
  assert.equal((await answered(api.get(`${base}/nodes`))).kind, 'NodeMetricsList');
});

test('one who deletes the APIService makes room for an installer', async () => {
  await api.delete(servicePath);
  await until(async () => (await resourceNames()) === undefined);
  await api.clock.advance(60_000);
  assert.equal(await conditionOf(), undefined);
  assert.equal((await refusal(api.get(`${base}/nodes`))).code, 404);
});
