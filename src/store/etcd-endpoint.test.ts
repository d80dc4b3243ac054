import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEndpoint } from './etcd-endpoint.ts';

test('endpoints of etcd', () => {
  const rows: [string, object, boolean][] = [
    ['https://10.0.0.1:2379', { host: '10.0.0.1', port: 2379 }, true],
    ['http://etcd.local', { host: 'etcd.local', port: 2379 }, false],
    ['https://etcd.local:443/', { host: 'etcd.local', port: 443 }, true],
    ['http://[::1]:23790', { host: '::1', port: 23790 }, false],
    ['unix:///run/a folder/localhost:2379', { path: '/run/a folder/localhost:2379' }, false],
  ];
  for (const [text, address, secure] of rows) {
    assert.deepEqual(parseEndpoint(text), { name: text, address, secure }, text);
  }
  const wrong = [
    '10.0.0.1:2379',
    'ftp://a',
    'http://',
    'http://a/path',
    'https://user@a',
    'unix://',
    'unix://host/a',
  ];
  for (const text of wrong) assert.throws(() => parseEndpoint(text), /is no endpoint of etcd/, text);
});
