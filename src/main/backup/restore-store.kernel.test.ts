import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeObject } from '../../apiserver/objects/encoding.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import type { StoreConfig } from '../../cluster/config.ts';
import { EtcdClient } from '../../store/etcd-client.ts';
import { EtcdStore } from '../../store/etcd-store.ts';
import { SqliteStore } from '../../store/sqlite-store.ts';
import { RevisionCompacted, type Store } from '../../store/store.ts';
import { TestEtcd } from '../../store/testing/etcd-process.ts';
import type { Backup } from './backup-file.ts';
import { restoreStore } from './restore-store.ts';

const deps = { clock: systemClock, log: silentLogger, lost: (reason: Error) => assert.fail(reason) };
const objectNamed = (name: string, data: string) =>
  encodeObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { data } } as object);

async function started<S extends Store>(store: S): Promise<S> {
  await store.start(AbortSignal.timeout(20_000));
  return store;
}

/** The store as it was is there again at new revisions, and what came later is gone. */
async function check(config: StoreConfig, open: () => Store): Promise<void> {
  const before = await started(open());
  for (let n = 0; n < 150; n++) await before.put(`/c/${n}`, objectNamed(`${n}`, 'then'), 0);
  await before.put('/allocations/1', Buffer.from('{"owner":"/s"}'), 0);
  const { entries, revision } = before.list('');
  const backup: Backup = {
    cluster: 'test',
    createdAt: '',
    revision: revision + 300,
    entries: entries.map(({ key, value }) => [key, Buffer.from(value).toString()]),
  };
  await before.put('/c/0', objectNamed('0', 'now'), before.get('/c/0')!.revision);
  await before.put('/late', objectNamed('late', 'now'), 0);
  await before.stop();

  const reached = await restoreStore(config, backup, silentLogger);
  const after = await started(open());
  try {
    assert.ok(after.revision >= reached && reached > backup.revision, 'revisions go on above all there were');
    const restored = after.list('').entries;
    assert.deepEqual(
      restored.map(({ key }) => key),
      entries.map(({ key }) => key),
    );
    for (const { key, value, revision: own } of restored) {
      if (!key.startsWith('/c/')) continue;
      const { metadata, data } = JSON.parse(Buffer.from(value).toString());
      assert.deepEqual([metadata.resourceVersion, data.data], [String(own), 'then'], key);
      assert.ok(own > backup.revision);
    }
    assert.throws(() => after.watch('/', backup.revision, () => {}), RevisionCompacted);
    const next = await after.put('/next', objectNamed('next', ''), 0);
    assert.ok(next.revision > reached);
  } finally {
    await after.stop();
  }
}

test('a backup is put in the place of an SQLite file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-restore-'));
  try {
    const path = join(folder, 'store.db');
    await check({ engine: 'sqlite', path }, () => new SqliteStore(deps, { path }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a backup is put into etcd; a restore that did not finish keeps servers from starting', async () => {
  const etcd = await new TestEtcd().start();
  const { endpoints } = etcd;
  const config = { engine: 'etcd', endpoints, prefix: '/causeway/test', cluster: 'one', files: {} } as const;
  const options = { endpoints, prefix: config.prefix, cluster: config.cluster };
  try {
    await check({ ...config, endpoints }, () => new EtcdStore(deps, options));
    const client = new EtcdClient(deps, { endpoints });
    await client.put({ key: `${config.prefix}/restore`, value: Buffer.from('') });
    client.close();
    await assert.rejects(started(new EtcdStore(deps, options)), /restore into etcd did not finish/);
    await restoreStore(
      { ...config, endpoints },
      { cluster: '', createdAt: '', revision: 0, entries: [] },
      silentLogger,
    );
    await (await started(new EtcdStore(deps, options))).stop();
  } finally {
    await etcd.stop();
  }
});
