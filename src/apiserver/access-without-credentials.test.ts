/** Every path that discovery tells, asked without credentials and with a token nobody gave out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { APIResource } from '../api/generated/types.ts';
import type { ServerRequest } from './exchange.ts';
import { configMap, pod, startApi, type TestApi } from './testing/api.ts';

interface Ask {
  method: string;
  path: string;
  query?: string;
}

/** What `system:public-info-viewer` opens to everybody, to read. */
const open = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
/** Beside the paths `/` tells. */
const otherPaths = [
  ...[
    '/',
    '/api',
    '/apis',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/livez/ping',
    '/healthz/',
  ],
  ...[
    '/.well-known/openid-configuration',
    '/openid/v1/jwks',
    '/debug/pprof/',
    '/logs/',
    '/configz',
    '/flagz',
  ],
  ...[
    '//',
    '/api/',
    '/apis/',
    '/%2F',
    '/healthz/../metrics',
    '/version/x',
    '//healthz',
    '/nothing',
    '/index.html',
  ],
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'BREW'];

/** How each verb of discovery is asked, of an object or of all. */
const asks: Record<string, (collection: string, object: string) => Ask[]> = {
  get: (_, object) => [
    { method: 'GET', path: object },
    { method: 'HEAD', path: object },
  ],
  list: collection => [
    { method: 'GET', path: collection },
    { method: 'GET', path: collection, query: 'limit=1&fieldSelector=metadata.name%3Dx' },
  ],
  watch: collection => [
    { method: 'GET', path: collection, query: 'watch=1' },
    { method: 'GET', path: collection.replace(/\/v[^/]*\//, '$&watch/') },
  ],
  create: (collection, object) => [
    { method: 'POST', path: collection },
    { method: 'POST', path: object },
  ],
  update: (_, object) => [{ method: 'PUT', path: object }],
  patch: (_, object) => [{ method: 'PATCH', path: object, query: 'fieldManager=x&force=true' }],
  delete: (_, object) => [{ method: 'DELETE', path: object }],
  deletecollection: collection => [{ method: 'DELETE', path: collection }],
};

let api: TestApi;
before(async () => {
  api = await startApi({ serviceCidrs: ['10.96.0.0/16'] });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await api.post('/api/v1/namespaces/default/serviceaccounts', account);
  await api.post('/api/v1/namespaces/default/configmaps', configMap('x', { data: { a: 'b' } }));
  await api.post('/api/v1/namespaces/default/pods', pod('x'));
});
after(() => api.stop());

async function groupVersions(): Promise<string[]> {
  const { groups } = await api.get('/apis');
  const named = groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
    group.versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
  );
  return ['/api/v1', ...named];
}

function asksOf(root: string, { name, namespaced, verbs }: APIResource): Ask[] {
  const [plural, subresource] = name.split('/');
  const roots = namespaced ? [`${root}/namespaces/default`, `${root}/namespaces/kube-system`] : [root];
  const below = subresource ? `/${subresource}` : '';
  const found = roots.flatMap(at => {
    const collection = `${at}/${plural}`;
    return verbs.flatMap(verb => asks[verb]!(collection, `${collection}/x${below}`));
  });
  // Of a namespaced resource, too, all of the cluster.
  return namespaced && !subresource && verbs.includes('list')
    ? [
        ...found,
        { method: 'GET', path: `${root}/${plural}` },
        { method: 'GET', path: `${root}/${plural}`, query: 'watch=1' },
      ]
    : found;
}

async function allAsks(): Promise<Ask[]> {
  const found: Ask[] = [];
  for (const root of await groupVersions()) {
    const { resources } = await api.get(root);
    found.push(...(resources as APIResource[]).flatMap(resource => asksOf(root, resource)));
  }
  const { paths } = await api.get('/');
  for (const path of new Set<string>([...paths, ...otherPaths, ...open])) {
    found.push(...methods.map(method => ({ method, path })));
  }
  return found;
}

/** What is sent with what may write: it would be taken from someone with rights. */
const body = Buffer.from(JSON.stringify({ metadata: { name: 'x', labels: { taken: 'over' } } }));

async function status({ method, path, query = '' }: Ask, headers: Record<string, string>) {
  const request: ServerRequest = {
    method,
    path,
    query: new URLSearchParams(query),
    headers: { 'content-type': 'application/merge-patch+json', ...headers },
    body: /^P/.test(method) ? { kind: 'bytes', read: async () => body } : { kind: 'none' },
    signal: new AbortController().signal,
    inProcess: false,
    remoteAddress: '192.0.2.1',
  };
  const response = await api.server.handle(request);
  const status = response.body.kind === 'value' ? (response.body.value() as { reason?: string }) : {};
  return { code: response.status, reason: status.reason };
}

function isOpen({ method, path }: Ask): boolean {
  return open.includes(path) && method === 'GET';
}

const impersonating: Record<string, string>[] = [
  { 'impersonate-user': 'admin' },
  { 'impersonate-user': 'system:apiserver', 'impersonate-group': 'system:masters' },
  { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' },
];

test('without credentials health and version are to be read, all else is forbidden, and nothing is done', async () => {
  const before = api.store.revision;
  const everything = await allAsks();
  assert.ok(everything.length > 1000, `${everything.length}`);
  for (const ask of everything) {
    const { code, reason } = await status(ask, {});
    const what = `${ask.method} ${ask.path}?${ask.query ?? ''} → ${code} ${reason}`;
    if (isOpen(ask)) assert.equal(code, 200, what);
    else assert.deepEqual([code, reason], [403, 'Forbidden'], what);
  }
  assert.equal(api.store.revision, before);
});

test('who claims to be somebody else without credentials is forbidden to', async () => {
  for (const headers of impersonating) {
    for (const ask of await allAsks()) {
      if (isOpen(ask) && 'x-remote-user' in headers) continue;
      const { code } = await status(ask, headers);
      assert.equal(code, 403, `${ask.method} ${ask.path} ${JSON.stringify(headers)}`);
    }
  }
});

const tokens = [
  'nonsense',
  'a.b.c',
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"system:serviceaccount:kube-system:default"}').toString('base64url')}.`,
  'x'.repeat(20_000),
];

test('with a token nobody gave out all is refused, health and version too, and nothing is done', async () => {
  const before = api.store.revision;
  const everything = await allAsks();
  for (const [at, ask] of everything.entries()) {
    const authorization = `Bearer ${tokens[at % tokens.length]}`;
    const { code, reason } = await status(ask, { authorization });
    assert.deepEqual([code, reason], [401, 'Unauthorized'], `${ask.method} ${ask.path} → ${code}`);
  }
  assert.equal(api.store.revision, before);
});
