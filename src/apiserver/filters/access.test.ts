import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ServerRequest } from '../exchange.ts';
import { configMap, pod, refusal, startApi, type TestApi } from '../testing/api.ts';
import { TokenSigner, unverifiedClaims } from './jwt.ts';
import { parseRequestInfo } from './request-info.ts';

let api: TestApi;
before(async () => {
  api = await startApi();
  await api.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  for (const name of ['default', 'robot']) {
    await api.post('/api/v1/namespaces/team/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
    });
  }
});
after(() => api.stop());

const infos: [method: string, url: string, expected: string][] = [
  ['GET', '/api/v1/namespaces/a/pods/b', 'get v1 pods ns=a name=b'],
  ['GET', '/api/v1/pods', 'list v1 pods'],
  ['GET', '/api/v1/pods?watch=true', 'watch v1 pods'],
  ['GET', '/api/v1/pods?watch=false', 'list v1 pods'],
  ['GET', '/api/v1/watch/namespaces/a/pods', 'watch v1 pods ns=a'],
  ['GET', '/api/v1/namespaces/a', 'get v1 namespaces ns=a name=a'],
  ['PUT', '/api/v1/namespaces/a/finalize', 'update v1 namespaces ns=a name=a sub=finalize'],
  ['GET', '/api/v1/namespaces/a/pods/b/log', 'get v1 pods ns=a name=b sub=log'],
  ['DELETE', '/apis/apps/v1/namespaces/a/deployments', 'deletecollection apps/v1 deployments ns=a'],
  [
    'PATCH',
    '/apis/apps/v1/namespaces/a/deployments/d/scale',
    'patch apps/v1 deployments ns=a name=d sub=scale',
  ],
  ['GET', '/api/v1/nodes?fieldSelector=metadata.name%3Dn1', 'list v1 nodes name=n1'],
  [
    'GET',
    '/api/v1/namespaces/a/services/http:s:80/proxy/x/y',
    'get v1 services ns=a name=http:s:80 sub=proxy rest=x/y',
  ],
  ['GET', '/apis/apps/v1', 'path get'],
  ['GET', '/healthz', 'path get'],
];
for (const [method, url, expected] of infos) {
  test(`${method} ${url} is ${expected}`, () => {
    const [path = '', query = ''] = url.split('?');
    const info = parseRequestInfo({ method, path, query: new URLSearchParams(query) });
    const { group, version, resource, namespace, name, subresource, rest, verb } = info;
    const parts = [verb, group ? `${group}/${version}` : version, resource];
    const labels = { ns: namespace, name, sub: subresource, rest };
    for (const [key, value] of Object.entries(labels)) if (value) parts.push(`${key}=${value}`);
    assert.equal(info.isResource ? parts.join(' ') : `path ${verb}`, expected);
  });
}

const denials: [what: string, request: () => Promise<unknown>, message: string][] = [
  [
    'a list in a namespace',
    () => api.as('bob').request({ method: 'GET', path: '/api/v1/namespaces/team/pods' }),
    'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "team"',
  ],
  [
    'a cluster-wide list',
    () => api.as('bob').request({ method: 'GET', path: '/apis/apps/v1/deployments' }),
    'deployments.apps is forbidden: User "bob" cannot list resource "deployments" in API group "apps" at the cluster scope',
  ],
  [
    'a subresource',
    () =>
      api.as('bob').request({ method: 'POST', path: '/api/v1/namespaces/team/pods/p/eviction', body: {} }),
    'pods "p" is forbidden: User "bob" cannot create resource "pods/eviction" in API group "" in the namespace "team"',
  ],
  [
    'a path',
    () => api.as('bob').request({ method: 'GET', path: '/metrics' }),
    'forbidden: User "bob" cannot get path "/metrics"',
  ],
];
for (const [what, request, message] of denials) {
  test(`denied: ${what}`, async () => {
    const error = await refusal(request());
    assert.deepEqual([error.code, error.reason, error.message], [403, 'Forbidden', message]);
  });
}

test('a RoleBinding lets a user in, in its namespace and no further, until it is gone', async () => {
  const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/team/rolebindings';
  const subject = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'viewer' };
  await api.post(bindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'v' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [subject],
  });
  const viewer = api.as('viewer');
  const list = (namespace: string, resource: string) =>
    viewer.request({ method: 'GET', path: `/api/v1/namespaces/${namespace}/${resource}` });
  await list('team', 'pods');
  assert.equal((await refusal(list('team', 'secrets'))).code, 403);
  assert.equal((await refusal(list('default', 'pods'))).code, 403);
  await api.delete(`${bindings}/v`);
  assert.equal((await refusal(list('team', 'pods'))).code, 403);
});

test('a binding to a role that is not there is named in the refusal', async () => {
  await api.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'lost' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nowhere' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'lost' }],
  });
  const error = await refusal(api.as('lost').request({ method: 'GET', path: '/api/v1/pods' }));
  assert.match(error.message, /: RBAC: clusterrole\.rbac\.authorization\.k8s\.io "nowhere" not found$/);
});

test('components of this cluster can do their work', async () => {
  const account = (name: string) =>
    api.as(
      `system:serviceaccount:kube-system:${name}`,
      'system:serviceaccounts',
      'system:serviceaccounts:kube-system',
    );
  await api.as('system:kube-scheduler').request({ method: 'GET', path: '/api/v1/pods' });
  await account('namespace-controller').request({ method: 'GET', path: '/apis/batch/v1/jobs' });
  await account('root-ca-cert-publisher').request({
    method: 'POST',
    path: '/api/v1/namespaces/team/configmaps',
    body: configMap('kube-root-ca.crt'),
  });
  await api
    .as('system:kube-controller-manager')
    .request({ method: 'GET', path: '/apis/apps/v1/deployments' });
});

test('a node reads what its own pods refer to', async () => {
  const node = api.as('system:node:n1', 'system:nodes');
  const get = (path: string) => node.request({ method: 'GET', path: `/api/v1/namespaces/team/${path}` });
  await api.post('/api/v1/namespaces/team/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
  });
  assert.match(
    (await refusal(get('secrets/s'))).message,
    /no relationship found between node 'n1' and this object/,
  );
  await api.post(
    '/api/v1/namespaces/team/pods',
    pod('p', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
  );
  assert.equal((await refusal(get('secrets/s'))).code, 403);
  await api.post('/api/v1/namespaces/team/pods/p/binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'p' },
    target: { kind: 'Node', name: 'n1' },
  });
  await get('secrets/s');
  await get('pods/p');
  assert.equal((await refusal(get('secrets'))).code, 403);
  const other = api.as('system:node:n2', 'system:nodes');
  assert.equal(
    (await refusal(other.request({ method: 'GET', path: '/api/v1/namespaces/team/secrets/s' }))).code,
    403,
  );
  const { uid } = (await api.get('/api/v1/namespaces/team/pods/p')).metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid };
  const token = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], boundObjectRef },
  };
  await node.request({
    method: 'POST',
    path: '/api/v1/namespaces/team/serviceaccounts/default/token',
    body: token,
  });
  assert.equal(
    (
      await refusal(
        node.request({
          method: 'POST',
          path: '/api/v1/namespaces/team/serviceaccounts/robot/token',
          body: token,
        }),
      )
    ).code,
    403,
  );
});

const request = (path: string, headers: Record<string, string>): ServerRequest => ({
  method: 'GET',
  path,
  query: new URLSearchParams(),
  headers,
  body: { kind: 'none' },
  signal: new AbortController().signal,
  inProcess: false,
  remoteAddress: '',
});
// biome-ignore lint/suspicious/noExplicitAny: answers of tests are looked into without ceremony
async function answer(path: string, headers: Record<string, string>): Promise<{ status: number; body: any }> {
  const { status, body } = await api.server.handle(request(path, headers));
  return { status, body: body.kind === 'value' ? body.value() : body };
}

const tokenPath = '/api/v1/namespaces/team/serviceaccounts/robot/token';
const tokenRequest = (spec: object) => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  spec: { audiences: [], ...spec },
});

test('a bound token works until its time is up, its pod is gone or its account is another', async () => {
  const { uid } = (
    await api.post('/api/v1/namespaces/team/pods', pod('bound', { serviceAccountName: 'robot' }))
  ).metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'bound', uid };
  const { status } = await api.post(tokenPath, tokenRequest({ expirationSeconds: 3607, boundObjectRef }));
  const claims = unverifiedClaims(status.token) as Record<string, { pod: object; warnafter: number }>;
  assert.deepEqual(claims['kubernetes.io']!.pod, { name: 'bound', uid });
  assert.equal(Number(claims.exp) - Number(claims.iat), 365 * 24 * 3600);
  assert.equal(claims['kubernetes.io']!.warnafter - Number(claims.iat), 3607);
  const headers = { authorization: `Bearer ${status.token}` };
  const denied = await answer('/api/v1/pods', headers);
  assert.match(denied.body.message, /User "system:serviceaccount:team:robot" cannot list/);
  const review = await api.post('/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: status.token },
  });
  assert.equal(review.status.user.username, 'system:serviceaccount:team:robot');
  assert.deepEqual(review.status.user.extra['authentication.kubernetes.io/pod-name'], ['bound']);
  await api.delete('/api/v1/namespaces/team/pods/bound');
  assert.equal((await answer('/api/v1/pods', headers)).status, 401);

  const short = await api.post(tokenPath, tokenRequest({ expirationSeconds: 600 }));
  const shortHeaders = { authorization: `Bearer ${short.status.token}` };
  assert.equal((await answer('/api/v1/pods', shortHeaders)).status, 403);
  await api.clock.advance(601_000);
  assert.equal((await answer('/api/v1/pods', shortHeaders)).status, 401);

  const foreign = await api.post(tokenPath, tokenRequest({ audiences: ['vault'] }));
  assert.equal(
    (await answer('/api/v1/pods', { authorization: `Bearer ${foreign.status.token}` })).status,
    401,
  );
});

test('tokens that were tampered with, signed by others or mean nothing are 401', async () => {
  const { status } = await api.post(tokenPath, tokenRequest({}));
  const [head, body, signature] = (status.token as string).split('.');
  const claims = {
    ...unverifiedClaims(status.token),
    sub: 'system:serviceaccount:kube-system:generic-garbage-collector',
  };
  const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = new TokenSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string).sign(claims);
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  for (const token of [
    `${head}.${forged}.${signature}`,
    other,
    `${none}.${body}.`,
    'rubbish',
    `${head}.${body}`,
  ]) {
    assert.equal((await answer('/api/v1/pods', { authorization: `Bearer ${token}` })).status, 401, token);
  }
  assert.equal((await refusal(api.post(tokenPath, tokenRequest({ expirationSeconds: 5 })))).code, 422);
});

test('without credentials a client is anonymous: it sees health and version', async () => {
  assert.equal((await answer('/healthz', {})).status, 200);
  assert.equal((await answer('/version', {})).body.minor, '36');
  const denied = await answer('/api/v1/pods', {});
  assert.equal(denied.status, 403);
  assert.match(denied.body.message, /User "system:anonymous" cannot list/);
});

test('impersonation needs the right to it, and acts as the other in all', async () => {
  const { status } = await api.post(tokenPath, tokenRequest({}));
  const authorization = `Bearer ${status.token}`;
  const denied = await answer('/api/v1/pods', { authorization, 'impersonate-user': 'alice' });
  assert.match(
    denied.body.message,
    /^pods is forbidden: User "system:serviceaccount:team:robot" cannot impersonate-on:user-info:list resource "pods"/,
  );
  await api.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'robot' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'team' }],
  });
  const allowed = await answer('/api/v1/pods', { authorization });
  assert.equal(allowed.status, 200);
  const alice = await answer('/api/v1/pods', {
    authorization,
    'impersonate-user': 'alice',
    'impersonate-group': 'devs',
  });
  assert.match(alice.body.message, /User "alice" cannot list/);
  assert.equal((await answer('/api/v1/pods', { authorization, 'impersonate-group': 'devs' })).status, 400);
});

test('access reviews and rules', async () => {
  const review = (kind: string, spec: object) =>
    api.post(`/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, {
      apiVersion: 'authorization.k8s.io/v1',
      kind,
      spec,
    });
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'team' };
  assert.equal((await review('SelfSubjectAccessReview', { resourceAttributes })).status.allowed, true);
  assert.equal(
    (await review('SubjectAccessReview', { user: 'bob', resourceAttributes })).status.allowed,
    false,
  );
  const byGroup = await review('SubjectAccessReview', {
    user: 'bob',
    groups: ['system:masters'],
    resourceAttributes,
  });
  assert.equal(byGroup.status.allowed, true);
  assert.equal((await refusal(review('SubjectAccessReview', { resourceAttributes }))).code, 422);
  const rules = await api.as('bob').request<{ status: { resourceRules: { resources: string[] }[] } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: 'team' },
    },
  });
  assert.ok(rules.status.resourceRules.some(each => each.resources.includes('selfsubjectaccessreviews')));
  const self = await api.as('bob', 'devs').request<{ status: { userInfo: object } }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  assert.deepEqual(self.status.userInfo, { username: 'bob', groups: ['devs', 'system:authenticated'] });
});

test('nobody gives away rights they do not have', async () => {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const boss = { kind: 'User', apiGroup, name: 'boss' };
  await api.post(`${rbac}/namespaces/team/rolebindings`, {
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'boss' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'admin' },
    subjects: [boss],
  });
  const as = api.as('boss');
  const role = (verbs: string[], resources: string[]) => ({
    apiVersion: `${apiGroup}/v1`,
    kind: 'Role',
    metadata: { generateName: 'r-' },
    rules: [{ verbs, apiGroups: [''], resources }],
  });
  const create = (body: object, resource = 'roles') =>
    as.request({ method: 'POST', path: `${rbac}/namespaces/team/${resource}`, body });
  await create(role(['get'], ['pods']));
  const error = await refusal(create(role(['get'], ['nodes'])));
  assert.equal(error.code, 403);
  assert.match(
    error.message,
    /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\], Verbs:\["get"\]\}$/,
  );
  const binding = (name: string) => ({
    apiVersion: `${apiGroup}/v1`,
    kind: 'RoleBinding',
    metadata: { generateName: 'b-' },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [boss],
  });
  await create(binding('view'), 'rolebindings');
  assert.equal((await refusal(create(binding('cluster-admin'), 'rolebindings'))).code, 403);
});

test('a node writes itself, its lease and its pods', async () => {
  const node = api.as('system:node:w1', 'system:nodes');
  const send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
    node.request({
      method,
      path,
      body,
      contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    });
  const own = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w1', labels: { 'kubernetes.io/hostname': 'w1' } },
  };
  await send('POST', '/api/v1/nodes', own);
  await send('PATCH', '/api/v1/nodes/w1/status', { status: { phase: 'Running' } });
  await api.post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'w2' } });
  const lease = (name: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
  });
  await send('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', lease('w1'));
  const systemLeases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  await send('POST', systemLeases, lease('load-balancer-speaker-w1'));
  const refusals: [() => Promise<unknown>, RegExp][] = [
    [
      () => send('PATCH', '/api/v1/nodes/w2/status', { status: { phase: 'Running' } }),
      /is not allowed to modify node "w2"/,
    ],
    [() => send('PATCH', '/api/v1/nodes/w1', { spec: { taints: [] } }), /is not allowed to modify taints/],
    [
      () =>
        send('PATCH', '/api/v1/nodes/w1', {
          metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
        }),
      /is not allowed to modify labels: node-role.kubernetes.io\/control-plane/,
    ],
    [() => send('DELETE', '/api/v1/nodes/w1'), /cannot delete resource "nodes"/],
    [
      () => send('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', lease('w2')),
      /same name as the requesting node/,
    ],
    [
      () => send('POST', systemLeases, lease('load-balancer-speaker-w2')),
      /can only access leases in the "kube-node-lease" system namespace/,
    ],
    [
      () => send('POST', systemLeases, lease('kube-scheduler')),
      /can only access leases in the "kube-node-lease" system namespace/,
    ],
    [() => send('POST', '/api/v1/namespaces/team/pods', pod('x')), /can only create mirror pods/],
    [
      () => send('PATCH', '/api/v1/namespaces/team/pods/p/status', { status: { phase: 'Failed' } }),
      /pods with spec.nodeName set to itself/,
    ],
    [
      () => send('DELETE', '/api/v1/namespaces/team/pods/p'),
      /can only delete pods with spec.nodeName set to itself/,
    ],
  ];
  for (const [request, message] of refusals) assert.match((await refusal(request())).message, message);
});

test('signing requests say who asked, and take a right to be approved', async () => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const pem = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n';
  const body = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'c' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'example.com/x',
      usages: ['client auth'],
      username: 'fake',
    },
  };
  const created = await api.post(path, body);
  assert.equal(created.spec.username, 'admin');
  const approval = {
    ...created,
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r' }], certificate: 'AAAA' },
  };
  const approved = await api.put(`${path}/c/approval`, approval);
  assert.equal(approved.status.conditions[0].type, 'Approved');
  assert.equal(approved.status.certificate, undefined);
});
