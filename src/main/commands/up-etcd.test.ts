import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageFailure } from '../failure.ts';
import { etcdWish } from './up-etcd.ts';
import type { UpOptions } from './up-options.ts';

const base: UpOptions = { name: 'dev', dataDir: '/nowhere' };
const endpoints = ['http://127.0.0.1:2379'];

test('the etcd of a new cluster', () => {
  assert.equal(etcdWish(base, false), undefined);
  const { id, ...wish } = etcdWish({ ...base, datastore: 'etcd', etcdEndpoints: endpoints }, false)!;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(wish, { endpoints, prefix: '/causeway/dev' });
  const unix = ['unix:///run/localhost:2379'];
  assert.deepEqual(etcdWish({ ...base, datastore: 'etcd', etcdEndpoints: unix }, true)?.endpoints, unix);
});

test('options that do not go together are refused, with what to do', () => {
  const rows: [Partial<UpOptions>, boolean, RegExp][] = [
    [{ etcdEndpoints: endpoints }, false, /add --datastore etcd/],
    [{ datastore: 'sqlite', etcdPrefix: '/a' }, false, /add --datastore etcd/],
    [{ servers: 2 }, false, /several servers share an etcd: add --datastore etcd/],
    [{ datastore: 'etcd' }, false, /needs its members: --etcd-endpoints/],
    [{ datastore: 'etcd', etcdEndpoints: ['127.0.0.1:2379'] }, false, /is no endpoint of etcd/],
    [{ datastore: 'etcd', etcdEndpoints: endpoints }, true, /an isolated cluster has no way to/],
    [{ datastore: 'etcd', etcdEndpoints: endpoints, etcdPrefix: 'a b' }, false, /is no prefix of keys/],
    [{ datastore: 'etcd', etcdEndpoints: endpoints, etcdKeyfile: '/k' }, false, /go together/],
    [{ datastore: 'etcd', etcdEndpoints: endpoints, etcdCafile: '/nowhere/ca' }, false, /cannot be read/],
  ];
  for (const [options, isolated, message] of rows) {
    assert.throws(
      () => etcdWish({ ...base, ...options }, isolated),
      (error: Error) => error instanceof UsageFailure && message.test(error.message),
      JSON.stringify(options),
    );
  }
});
