import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { ServerRequest, ServerResponse } from '../exchange.ts';
import { configMap, pod, startApi, type TestApi } from '../testing/api.ts';
import { parseAuditPolicy } from './audit-policy.ts';

// biome-ignore lint/suspicious/noExplicitAny: events are looked into without ceremony
let events: any[] = [];
let api: TestApi;
const base = '/api/v1/namespaces/default';

before(async () => {
  const policy = parseAuditPolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: Metadata, resources: [{ group: "", resources: [secrets] }] }
  - { level: RequestResponse, omitManagedFields: true }
`);
  api = await startApi({ audit: { policy, sink: { write: line => events.push(JSON.parse(line)) } } });
  await api.post(`${base}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
});
after(() => api.stop());
beforeEach(() => {
  events = [];
});

/** As it comes from the network. */
function send(
  method: string,
  target: string,
  body?: object,
  headers: ServerRequest['headers'] = {},
  groups = ['system:masters'],
): Promise<ServerResponse> {
  const [path, query] = target.split('?');
  const bytes = body && Buffer.from(JSON.stringify(body));
  return api.server.handle({
    method,
    path: path!,
    query: new URLSearchParams(query),
    headers: { 'user-agent': 'test/1', 'content-type': 'application/json', ...headers },
    body: bytes ? { kind: 'bytes', read: async () => bytes } : { kind: 'none' },
    signal: new AbortController().signal,
    user: { name: 'anna', groups: [...groups, 'system:authenticated'] },
    inProcess: false,
    remoteAddress: '10.0.0.9',
  });
}

test('an event tells who did what with what outcome, with the objects where asked', async () => {
  const answer = await send(
    'POST',
    `${base}/configmaps?fieldManager=x`,
    configMap('c', { data: { a: 'b' } }),
  );
  assert.equal(events.length, 1);
  const [event] = events;
  assert.equal(event.kind, 'Event');
  assert.equal(event.apiVersion, 'audit.k8s.io/v1');
  assert.equal(event.level, 'RequestResponse');
  assert.equal(event.stage, 'ResponseComplete');
  assert.equal(event.auditID, answer.headers['audit-id']);
  assert.equal(event.requestURI, `${base}/configmaps?fieldManager=x`);
  assert.equal(event.verb, 'create');
  assert.deepEqual(event.user, { username: 'anna', groups: ['system:masters', 'system:authenticated'] });
  assert.deepEqual(event.sourceIPs, ['10.0.0.9']);
  assert.equal(event.userAgent, 'test/1');
  assert.deepEqual(event.objectRef, {
    resource: 'configmaps',
    namespace: 'default',
    name: 'c',
    apiVersion: 'v1',
  });
  assert.deepEqual(event.responseStatus, { metadata: {}, code: 201 });
  assert.deepEqual(event.requestObject.data, { a: 'b' });
  assert.ok(event.responseObject.metadata.uid);
  assert.equal(event.responseObject.metadata.managedFields, undefined);
  assert.equal(event.annotations['authorization.k8s.io/decision'], 'allow');
  assert.match(event.stageTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('what may not be seen is not in the log', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { password: 'hunter2' },
  };
  await send('POST', `${base}/secrets`, secret);
  assert.equal(events[0].level, 'Metadata');
  assert.doesNotMatch(JSON.stringify(events), /hunter2|aHVudGVyMg/);
});

test('a refusal is told with its decision', async () => {
  await send('GET', `${base}/configmaps`, undefined, {}, []);
  assert.equal(events[0].responseStatus.code, 403);
  assert.equal(events[0].responseStatus.reason, 'Forbidden');
  assert.equal(events[0].annotations['authorization.k8s.io/decision'], 'forbid');
});

test('who is acted for is told beside who acts', async () => {
  await send('GET', `${base}/configmaps`, undefined, { 'impersonate-user': 'bob' });
  assert.equal(events[0].user.username, 'anna');
  assert.equal(events[0].impersonatedUser.username, 'bob');
});

test('a watch is told at its start and at its end', async () => {
  const answer = await send('GET', `${base}/configmaps?watch=1`);
  assert.deepEqual(
    events.map(({ stage }) => stage),
    ['ResponseStarted'],
  );
  assert.ok(answer.body.kind === 'watch');
  answer.body.source.open({ events: () => true, end() {} }).close();
  assert.deepEqual(
    events.map(({ stage }) => stage),
    ['ResponseStarted', 'ResponseComplete'],
  );
});

test('who shows a token nobody knows is refused, and the refusal is told', async () => {
  const response = await api.server.handle({
    method: 'GET',
    path: `${base}/secrets`,
    query: new URLSearchParams(),
    headers: { authorization: 'Bearer rubbish' },
    body: { kind: 'none' },
    signal: new AbortController().signal,
    inProcess: false,
    remoteAddress: '10.0.0.9',
  });
  assert.equal(response.status, 401);
  assert.equal(events.length, 1);
  const [{ stage, level, user, verb, responseStatus, annotations }] = events;
  assert.deepEqual(
    [stage, level, user, verb, annotations],
    ['ResponseStarted', 'Metadata', {}, 'list', undefined],
  );
  assert.deepEqual(responseStatus, {
    metadata: {},
    message: 'Authentication failed, attempted: bearer',
    code: 401,
  });
  assert.ok(!JSON.stringify(events).includes('rubbish'));
});

test('acting as somebody tells of the right that allowed it', async () => {
  await send('GET', `${base}/pods`, undefined, { 'impersonate-user': 'bob' });
  assert.deepEqual(events[0].impersonatedUser, { username: 'bob', groups: ['system:authenticated'] });
  assert.deepEqual(events[0].authenticationMetadata, { impersonationConstraint: 'impersonate:user-info' });
});

test('what PodSecurity finds is noted', async () => {
  const labels = { 'pod-security.kubernetes.io/audit': 'restricted' };
  await api.patch('/api/v1/namespaces/default', { metadata: { labels } });
  await send('POST', `${base}/pods`, pod('p'));
  assert.match(
    events.at(-1).annotations['pod-security.kubernetes.io/audit-violations'],
    /^would violate PodSecurity "restricted:latest": allowPrivilegeEscalation/,
  );
});
