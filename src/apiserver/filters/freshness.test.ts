import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerRequest } from '../exchange.ts';
import { needOf } from './freshness.ts';

test('how fresh the memory has to be for a request', () => {
  const rows: [string, unknown][] = [
    ['GET /api/v1/pods', 'current'],
    ['GET /api/v1/namespaces/a/pods/b', 'current'],
    ['GET /api/v1/pods?resourceVersion=0', 'whatever'],
    ['GET /api/v1/pods?resourceVersion=7', { revision: 7 }],
    ['GET /api/v1/pods?resourceVersion=seven', 'whatever'],
    ['GET /api/v1/pods?limit=5&continue=abc', 'current'],
    ['GET /api/v1/pods?watch=1', 'current'],
    ['GET /api/v1/pods?watch=1&resourceVersion=7', 'whatever'],
    ['GET /api/v1/pods?watch=1&resourceVersion=7&sendInitialEvents=true', { revision: 7 }],
    ['POST /api/v1/namespaces/a/pods', 'current'],
    ['DELETE /apis/apps/v1/namespaces/a/deployments/b', 'current'],
    ['GET /readyz', 'whatever'],
    ['GET /apis', 'whatever'],
  ];
  for (const [line, need] of rows) {
    const [method = '', url = ''] = line.split(' ');
    const [path = '', search = ''] = url.split('?');
    const request = { method, path, query: new URLSearchParams(search) } as ServerRequest;
    assert.deepEqual(needOf(request), need, line);
  }
});
