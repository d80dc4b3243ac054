import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { testCertificates } from '../images/test-certificates.ts';
import { EtcdClient } from './etcd-client.ts';
import { EtcdStore, type EtcdStoreOptions } from './etcd-store.ts';
import { RevisionMismatch } from './store.ts';
import { TestEtcd } from './testing/etcd-process.ts';

const bytes = (text: string) => Buffer.from(text);
const deps = { clock: systemClock, log: silentLogger };
const never = (reason: Error) => assert.fail(reason);

async function open(
  options: Partial<EtcdStoreOptions>,
  lost: (reason: Error) => void = never,
): Promise<EtcdStore> {
  const store = new EtcdStore({ ...deps, lost }, { prefix: '/causeway/test', endpoints: [], ...options });
  await store.start(AbortSignal.timeout(20_000));
  return store;
}

/** A test on an etcd of its own; stores and whatever else it opens are ended with it. */
function onEtcd(
  title: string,
  count: number,
  run: (etcd: TestEtcd, use: <T extends { stop(): unknown }>(what: T) => T) => Promise<void>,
): void {
  test(title, async () => {
    const etcd = new TestEtcd();
    const used: { stop(): unknown }[] = [];
    try {
      await etcd.start({ count });
      await run(etcd, what => {
        used.push(what);
        return what;
      });
    } finally {
      for (const what of used.reverse()) await what.stop();
      await etcd.stop();
    }
  });
}

onEtcd('what one server acknowledged the other reads once it is current', 1, async ({ endpoints }, use) => {
  const one = use(await open({ endpoints }));
  const two = use(await open({ endpoints }));
  for (let n = 0; n < 200; n++) {
    const { revision } = await one.put(`/k/${n}`, bytes(`${n}`), 0);
    await two.shared.current();
    assert.equal(two.get(`/k/${n}`)?.revision, revision);
  }
  const { revision } = await two.put('/later', bytes(''), 0);
  assert.equal(await one.shared.reached(revision, 5000), true);
  assert.equal(one.get('/later')?.revision, revision);
  assert.equal(await one.shared.reached(revision + 10, 50), false);
});

onEtcd('two servers count up one key together: no count is lost', 1, async ({ endpoints }, use) => {
  const stores = [use(await open({ endpoints })), use(await open({ endpoints }))];
  await stores[0]!.put('/n', bytes('0'), 0);
  await Promise.all(
    stores.map(async store => {
      await store.shared.current();
      let entry = store.get('/n');
      for (let done = 0; done < 100; ) {
        try {
          entry = await store.put(
            '/n',
            bytes(String(Number(Buffer.from(entry!.value)) + 1)),
            entry!.revision,
          );
          done++;
        } catch (error) {
          assert.ok(error instanceof RevisionMismatch);
          entry = error.current;
        }
      }
    }),
  );
  await stores[0]!.shared.current();
  assert.equal(String(Buffer.from(stores[0]!.get('/n')!.value)), '200');
});

onEtcd('what others write beside the prefix does not keep reads waiting', 1, async ({ endpoints }, use) => {
  const store = use(await open({ endpoints }));
  const other = new EtcdClient(deps, { endpoints });
  use({ stop: () => other.close() });
  const { header } = await other.put({ key: '/elsewhere', value: bytes('') });
  await store.shared.current();
  assert.ok(store.revision >= header!.revision);
  const { revision } = await store.put('/a', bytes(''), 0);
  assert.equal(store.get('/a')?.revision, revision);
});

onEtcd('data of another cluster below the same prefix is refused', 1, async ({ endpoints }, use) => {
  use(await open({ endpoints, cluster: 'one' }));
  await assert.rejects(open({ endpoints, cluster: 'two' }), /etcd holds another cluster \(one\)/);
  use(await open({ endpoints, cluster: 'two', prefix: '/causeway/two' }));
});

onEtcd(
  'every member is killed once, under load of two servers: nothing acknowledged is lost',
  3,
  async (etcd, use) => {
    const { endpoints } = etcd;
    const stores = [use(await open({ endpoints })), use(await open({ endpoints: endpoints.toReversed() }))];
    const acknowledged = new Map<string, number>();
    const seen: number[] = [];
    stores[0]!.watch('/', stores[0]!.revision, changes => {
      for (const change of changes) if (change.key.startsWith('/k/')) seen.push(change.revision);
    });
    let running = true;
    const writers = stores.flatMap((store, which) =>
      Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; running; n++) {
          const key = `/k/${which}/${writer}/${n}`;
          acknowledged.set(key, (await store.put(key, bytes(key), 0)).revision);
        }
      }),
    );
    const load = Promise.all(writers);
    load.catch(() => undefined);
    try {
      for (const member of etcd.members) {
        const before = acknowledged.size;
        await member.kill();
        while (acknowledged.size < before + 200) await Promise.race([load, systemClock.sleep(20)]);
        member.start();
        await member.serving();
      }
    } finally {
      running = false;
    }
    await load;
    const fresh = use(await open({ endpoints }));
    for (const [key, revision] of acknowledged) assert.equal(fresh.get(key)?.revision, revision, key);
    // The watch of a server that had to go to another member has told each of them once, in order.
    await stores[0]!.shared.current();
    assert.deepEqual(
      seen,
      [...acknowledged.values()].sort((a, b) => a - b),
    );
  },
);

onEtcd('an etcd that is started anew: reads and writes wait, and go on', 1, async (etcd, use) => {
  const store = use(await open({ endpoints: etcd.endpoints }));
  const first = await store.put('/a', bytes('1'), 0);
  const [member] = etcd.members;
  await member!.kill();
  const during = store.put('/a', bytes('2'), first.revision);
  const read = store.shared.current();
  member!.start();
  const second = await during;
  await read;
  assert.deepEqual([store.get('/a')?.revision, store.failure], [second.revision, undefined]);
});

onEtcd(
  'an etcd that is away for good fails writes and reads, and the store says why',
  1,
  async (etcd, use) => {
    const store = use(await open({ endpoints: etcd.endpoints, patience: 300 }));
    await etcd.members[0]!.kill();
    await assert.rejects(
      store.put('/a', bytes('1'), 0),
      /the store cannot write: etcd at .* does not answer/,
    );
    await assert.rejects(store.shared.current(), /the store cannot be read: etcd at .* does not answer/);
    assert.match(store.failure?.message ?? '', /does not answer/);
  },
);

/** A way to etcd that can be closed. */
class Gate {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  open = true;

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#server = createServer(socket => {
      if (!this.open) {
        socket.destroy();
        return;
      }
      const way = connect({ host: hostname, port: Number(port) });
      for (const end of [socket, way]) {
        this.#sockets.add(end);
        end
          .on('error', () => {})
          .on('close', () => {
            socket.destroy();
            way.destroy();
          });
      }
      socket.pipe(way).pipe(socket);
    });
  }

  async endpoint(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  close(): void {
    this.open = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.close();
    this.#server.close();
  }
}

onEtcd(
  'a watch that broke goes on without a gap; what etcd forgot meanwhile is told',
  1,
  async (etcd, use) => {
    const gate = use(new Gate(etcd.endpoints[0]!));
    let told: Error | undefined;
    const store = use(
      await open({ endpoints: [await gate.endpoint()] }, reason => {
        told = reason;
      }),
    );
    const other = use(await open({ endpoints: etcd.endpoints }));
    const seen: string[] = [];
    store.watch('/', store.revision, changes => seen.push(...changes.map(change => change.key)));
    gate.close();
    for (const key of ['/a', '/b']) await other.put(key, bytes(''), 0);
    gate.open = true;
    await store.shared.current();
    assert.deepEqual(seen, ['/a', '/b']);
    gate.close();
    const { revision } = await other.put('/c', bytes(''), 0);
    await other.delete('/c', revision);
    await other.compact(other.revision);
    gate.open = true;
    while (!told) await systemClock.sleep(10);
    assert.match(told.message, /changes were missed: etcd knows none before/);
  },
);

test('TLS with client certificates', async () => {
  const etcd = new TestEtcd();
  const { ca, server, client } = await testCertificates();
  const write = (name: string, pem: string) => {
    const path = join(etcd.folder, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  };
  const tls = { ca: write('ca', ca), cert: write('cert', server.cert), key: write('key', server.key) };
  let store: EtcdStore | undefined;
  try {
    await etcd.start({ tls });
    const { endpoints } = etcd;
    store = await open({ endpoints, tls: { ca, ...client } });
    await store.put('/a', bytes('1'), 0);
    const without = open({ endpoints, tls: { ca }, patience: 300 });
    await assert.rejects(without, /does not answer/);
    await assert.rejects(open({ endpoints, patience: 300 }), ({ cause }: Error) => {
      assert.match(String(cause), /self.signed|unable to (get|verify)/);
      return true;
    });
  } finally {
    await store?.stop();
    await etcd.stop();
  }
});
