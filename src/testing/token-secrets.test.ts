import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Secret } from '../api/generated/types.ts';
import type { ServerResponse } from '../apiserver/exchange.ts';
import { MemoryCluster } from './memory-cluster.ts';

const base = '/api/v1/namespaces/default';
let cluster: MemoryCluster;
before(async () => {
  cluster = new MemoryCluster();
  await cluster.start([], []);
});
after(() => cluster.stop());

const request = <T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
  cluster.transport.request<T>({ method, path, ...(body && { body }) });

/** Who the token stands for, as the server tells it who shows it. */
async function whoIs(token: string): Promise<{ status: number; name?: string }> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer: ServerResponse = await cluster.server.api.handle({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    query: new URLSearchParams(),
    headers: { authorization: `Bearer ${token}` },
    body: { kind: 'value', value: body },
    signal: new AbortController().signal,
    inProcess: false,
    remoteAddress: '127.0.0.1',
  });
  assert.ok(answer.body.kind === 'value');
  const value = answer.body.value() as { status?: { userInfo?: { username: string } } };
  return { status: answer.status, name: value.status?.userInfo?.username };
}

test('a secret of a service account gets a token, which lasts as long as both', async () => {
  await request('POST', `${base}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot' },
  });
  const annotations = { 'kubernetes.io/service-account.name': 'robot' };
  await request('POST', `${base}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 'robot-token', annotations },
  });
  const read = () => request<Secret>('GET', `${base}/secrets/robot-token`);
  await cluster.until('the token is there', async () => !!(await read()).data?.token);
  const { data = {}, metadata } = await read();
  assert.equal(Buffer.from(data.namespace!, 'base64').toString(), 'default');
  assert.equal(Buffer.from(data['ca.crt']!, 'base64').toString(), 'CA');
  assert.ok(metadata?.annotations?.['kubernetes.io/service-account.uid']);
  const token = Buffer.from(data.token!, 'base64').toString();
  assert.deepEqual(await whoIs(token), { status: 201, name: 'system:serviceaccount:default:robot' });
  assert.equal((await whoIs(`${token.slice(0, -4)}AAAA`)).status, 401);

  await request('DELETE', `${base}/serviceaccounts/robot`);
  assert.equal((await whoIs(token)).status, 401);
  await cluster.until('the secret is gone', () =>
    read().then(
      () => false,
      () => true,
    ),
  );
});
