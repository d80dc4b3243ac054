import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinByKind, completeResource, type ResourceInfo, resourcePath } from '../api/resources.ts';
import { type Random, seededRandom } from './random.ts';
import { adminUser, startApi, type TestApi } from './testing/api.ts';
import { crontabs, cronVersion } from './testing/custom.ts';

/** What is put in the place of any value. */
const oddities: unknown[] = [
  null,
  0,
  -1,
  1e20,
  '',
  'x',
  'A_b',
  [],
  {},
  [[]],
  [null],
  { a: null },
  true,
  '\0',
  'ä'.repeat(50),
  { constructor: 1 },
  { '': '' },
  [{ name: 'a' }, { name: 'a' }],
];
const oddKeys = ['spec', 'status', '__proto__', 'metadata', 'constructor', 'finalizers', 'selector'];
const containers = [
  {
    name: 'c',
    image: 'i',
    ports: [{ containerPort: 80 }],
    env: [{ name: 'a', value: 'b' }],
    resources: { limits: { cpu: '1' } },
  },
];
const template = { metadata: { labels: { a: 'b' } }, spec: { containers } };
const selector = { matchLabels: { a: 'b' } };
const samples: { group: string; kind: string; body: object }[] = [
  { group: '', kind: 'Pod', body: { spec: { containers, volumes: [{ name: 'v', emptyDir: {} }] } } },
  { group: '', kind: 'Service', body: { spec: { ports: [{ port: 80 }], selector: { a: 'b' } } } },
  { group: '', kind: 'ConfigMap', body: { data: { a: 'b' } } },
  { group: '', kind: 'Node', body: { spec: { podCIDR: '10.0.0.0/24' } } },
  { group: 'apps', kind: 'Deployment', body: { spec: { selector, template } } },
  {
    group: 'batch',
    kind: 'Job',
    body: { spec: { template: { spec: { containers, restartPolicy: 'Never' } } } },
  },
  { group: 'networking.k8s.io', kind: 'NetworkPolicy', body: { spec: { podSelector: {} } } },
  { group: 'policy', kind: 'PodDisruptionBudget', body: { spec: { minAvailable: 1, selector } } },
  {
    group: 'rbac.authorization.k8s.io',
    kind: 'Role',
    body: { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
  },
];
const queries = [
  '',
  '',
  'dryRun=All',
  'fieldValidation=Strict',
  'fieldValidation=Foo',
  'labelSelector=a%3D%3D%3D',
  'fieldSelector=,',
  'limit=-1',
  'limit=1&continue=e30',
  'resourceVersion=-5',
  'propagationPolicy=Foo',
  'gracePeriodSeconds=x',
  'timeoutSeconds=-1&watch=1',
];
const patchTypes = ['application/merge-patch+json', 'application/json-patch+json'];

function mutate(value: unknown, random: Random): unknown {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  if (random.integer(8) === 0) return pick(oddities);
  if (Array.isArray(value)) {
    const items = value.map(item => mutate(item, random));
    return random.integer(5) === 0 ? [...items, pick(oddities)] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [
    random.integer(25) === 0 ? pick(oddKeys) : key,
    mutate(member, random),
  ]);
  if (random.integer(8) === 0) members.push([pick(oddKeys), pick(oddities)]);
  return Object.fromEntries(members);
}

/** One request made of the sample, more or less like what the API takes. */
async function send(
  api: TestApi,
  resource: ResourceInfo,
  body: object,
  random: Random,
): Promise<{ status: number; what: string }> {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const method = pick(['POST', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'GET']);
  const name = pick(['a', 'b', 'c']);
  const streamed = ['log', 'exec', 'attach', 'portforward', 'proxy'];
  const subresource =
    random.integer(6) === 0 ? resource.subresources.filter(each => !streamed.includes(each))[0] : undefined;
  const path = resourcePath(resource, {
    ...(resource.namespaced && { namespace: 'default' }),
    ...((method !== 'POST' || subresource) && { name }),
    ...(subresource && { subresource }),
  });
  const object = {
    apiVersion: resource.group ? `${resource.group}/${resource.version}` : resource.version,
    kind: resource.kind,
    metadata: { name, labels: { a: 'b' } },
    ...body,
  };
  const type = method === 'PATCH' ? pick(patchTypes) : 'application/json';
  const operations = [
    {
      op: pick(['add', 'replace', 'remove', 'test', 'copy']),
      path: pick(['/spec', '/metadata', '/a/b', '']),
      value: pick(oddities),
    },
  ];
  const text = Buffer.from(
    JSON.stringify(type === patchTypes[1] ? operations : mutate(object, random)) ?? 'null',
  );
  const query = pick(queries);
  const { status, body: answer } = await api.server.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { 'content-type': type },
    body: method === 'GET' ? { kind: 'none' } : { kind: 'bytes', read: async () => text },
    signal: new AbortController().signal,
    user: adminUser,
    inProcess: false,
    remoteAddress: '',
  });
  const message =
    answer.kind === 'value' ? JSON.stringify((answer.value() as { message?: string }).message) : '';
  return { status, what: `${method} ${path}?${query} ${text} → ${status} ${message}` };
}

test('mutated requests from a fixed seed: each gets an answer, none the blame of the server', async () => {
  const api = await startApi({ serviceCidrs: ['10.96.0.0/16'] });
  await api.post('/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  const random = seededRandom(42);
  const counts = new Map<number, number>();
  for (let i = 0; i < 3000; i++) {
    const { group, kind, body } = samples[random.integer(samples.length)]!;
    const resource = builtinByKind({ group, version: 'v1', kind })!;
    const { status, what } = await send(api, resource, body, random);
    assert.ok(status < 500, what);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  for (const expected of [200, 201, 400, 404, 409, 422])
    assert.ok(counts.has(expected), `no ${expected} among ${[...counts.keys()]}`);
  await api.stop();
});

test('mutated custom resources, and definitions of them', async () => {
  const api = await startApi();
  const random = seededRandom(7);
  const definitions = builtinByKind({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
  })!;
  const items = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string', default: 'x' } },
  };
  const list = {
    type: 'array',
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  };
  const rules = [{ rule: '!has(self.image) || self.image != "bad"', message: 'bad image' }];
  const version = cronVersion('v1', {}, { list, any: { 'x-kubernetes-int-or-string': true } });
  const spec = version.schema.openAPIV3Schema.properties.spec as Record<string, unknown>;
  spec['x-kubernetes-validations'] = rules;
  const definition = { ...crontabs(), spec: { ...crontabs().spec, versions: [version] } };
  await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  const { group, names } = definition.spec;
  const resource = completeResource({
    ...{ group, version: 'v1', kind: names.kind, plural: names.plural, namespaced: true },
    subresources: ['status', 'scale'],
  });
  const body = { spec: { cronSpec: '*', image: 'i', replicas: 1, list: [{ name: 'a' }], any: '5' } };
  const counts = new Map<number, number>();
  for (let i = 0; i < 1500; i++) {
    const { status, what } =
      random.integer(3) > 0
        ? await send(api, resource, body, random)
        : await send(
            api,
            definitions,
            { metadata: { name: 'a.example.com' }, spec: definition.spec },
            random,
          );
    assert.ok(status < 500, what);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  for (const expected of [200, 201, 400, 404, 422])
    assert.ok(counts.has(expected), `${expected} in ${[...counts.keys()]}`);
  await api.stop();
});
