import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/log.ts';
import { accessAsked, KubeletAccess } from './kubelet-access.ts';

const rows: [method: string, url: string, verb: string, subresources: string][] = [
  ['GET', '/pods', 'get', 'pods proxy'],
  ['GET', '/runningpods/', 'get', 'pods proxy'],
  ['GET', '/healthz/syncloop', 'get', 'healthz proxy'],
  ['GET', '/configz', 'get', 'configz proxy'],
  ['GET', '/metrics/resource', 'get', 'metrics'],
  ['GET', '/stats/summary?only_cpu_and_memory=true', 'get', 'stats'],
  ['GET', '/logs/', 'get', 'log'],
  ['GET', '/containerLogs/a/b/c', 'get', 'proxy'],
  ['POST', '/exec/a/b/c?command=sh', 'create', 'proxy'],
  ['GET', '/constructor', 'get', 'proxy'],
];
for (const [method, url, verb, subresources] of rows) {
  test(`${method} ${url} needs ${verb} of ${subresources}`, () => {
    assert.deepEqual(accessAsked(method, url), { verb, subresources: subresources.split(' ') });
  });
}

function message(url: string, authorization?: string): IncomingMessage {
  const socket = { authorized: false };
  return { method: 'GET', url, headers: { ...(authorization && { authorization }) }, socket } as never;
}

test('tokens and accesses are reviewed by the API server, once for a while', async () => {
  const asked: string[] = [];
  const clock = new FakeClock();
  const access = new KubeletAccess({
    ...{ clock, log: silentLogger, nodeName: () => 'n1' },
    reviews: {
      reviewToken: async token => {
        asked.push(token);
        if (token === 'broken') throw new Error('no answer');
        return { authenticated: token === 'good', user: { username: 'prometheus', groups: ['g'] } };
      },
      reviewAccess: async ({ user, resourceAttributes: of }) => {
        asked.push(`${user} ${of?.verb} ${of?.resource}/${of?.subresource} ${of?.name}`);
        return of?.subresource === 'metrics';
      },
    },
  });
  for (const header of [undefined, 'Basic eDp5', 'Bearer', 'Bearer bad', 'Bearer broken']) {
    await assert.rejects(access.authenticate(message('/metrics', header)), { status: 401 });
  }
  const identity = await access.authenticate(message('/metrics', 'Bearer good'));
  assert.deepEqual(identity, { name: 'prometheus', groups: ['g'] });
  for (let i = 0; i < 3; i++) await access.authorize(message('/metrics'), identity);
  await assert.rejects(access.authorize(message('/pods'), identity), {
    status: 403,
    message: 'Forbidden (user=prometheus, verb=get, resource=nodes, subresource(s)=[pods proxy])',
  });
  await access.authenticate(message('/metrics', 'Bearer good'));
  assert.deepEqual(asked.splice(0), [
    ...['bad', 'broken', 'good', 'prometheus get nodes/metrics n1'],
    ...['prometheus get nodes/pods n1', 'prometheus get nodes/proxy n1'],
  ]);
  await clock.advance(120_000);
  await access.authenticate(message('/metrics', 'Bearer good'));
  await access.authorize(message('/metrics'), identity);
  assert.deepEqual(asked, ['good']);
});
