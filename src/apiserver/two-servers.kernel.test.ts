import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConfigMap, Service } from '../api/generated/types.ts';
import type { KubeList, Stored } from '../api/objects.ts';
import type { ApiError } from '../api/status.ts';
import { systemClock as clock } from '../base/clock.ts';
import { DecisionLog } from '../base/decisions.ts';
import { silentLogger as log } from '../base/log.ts';
import { EtcdStore } from '../store/etcd-store.ts';
import { TestEtcd } from '../store/testing/etcd-process.ts';
import { ApiServer } from './apiserver.ts';
import type { LocalTransport } from './local-transport.ts';
import { adminUser } from './testing/api.ts';

/** Two API servers on one etcd. */
const etcd = new TestEtcd();
const stores: EtcdStore[] = [];
const servers: ApiServer[] = [];
let one: LocalTransport;
let two: LocalTransport;

before(async () => {
  await etcd.start();
  const { endpoints } = etcd;
  const lost = (reason: Error) => assert.fail(reason);
  const begin = async () => {
    const store = new EtcdStore({ clock, log, lost }, { endpoints, prefix: '/causeway/test' });
    await store.start(AbortSignal.timeout(20_000));
    const server = new ApiServer({ clock, log, decisions: new DecisionLog(clock, 'server'), store });
    await server.start(AbortSignal.timeout(20_000));
    stores.push(store);
    servers.push(server);
    return server.transport(adminUser);
  };
  // At the same time, as two processes would.
  [one, two] = (await Promise.all([begin(), begin()])) as [LocalTransport, LocalTransport];
});

after(async () => {
  for (const server of servers) await server.stop();
  for (const store of stores) await store.stop();
  await etcd.stop();
});

const maps = '/api/v1/namespaces/default/configmaps';
const get = <T>(server: LocalTransport, path: string) => server.request<T>({ method: 'GET', path });
const post = <T>(server: LocalTransport, path: string, body: object) =>
  server.request<T>({ method: 'POST', path, body });
const codeOf = (outcome: PromiseSettledResult<unknown>) =>
  outcome.status === 'fulfilled' ? 201 : (outcome.reason as ApiError).code;

test('what one server answered the other knows, in reads, writes and admission', async () => {
  for (let n = 0; n < 20; n++) {
    const [here, there] = n % 2 ? [one, two] : [two, one];
    await post(here, '/api/v1/namespaces', { metadata: { name: `n${n}` } });
    const path = `/api/v1/namespaces/n${n}/configmaps`;
    const made = await post<Stored<ConfigMap>>(there, path, { metadata: { name: 'a' } });
    const body = { ...made, data: { by: 'here' } };
    await here.request({ method: 'PUT', path: `${path}/a`, body });
    const read = await get<Stored<ConfigMap>>(there, `${path}/a`);
    assert.equal(read.data?.by, 'here');
    await there.request({ method: 'DELETE', path: `${path}/a` });
    const list = await get<KubeList<ConfigMap>>(here, path);
    assert.ok(!list.items.some(({ metadata }) => metadata?.name === 'a'));
  }
});

test('a watch goes on at the other server from the version the client has', async () => {
  const seen: string[] = [];
  let version = (await get<KubeList<ConfigMap>>(one, maps)).metadata.resourceVersion!;
  for (let n = 0; n < 30; n++) {
    const [here, there] = n % 2 ? [one, two] : [two, one];
    const { metadata } = await post<Stored<ConfigMap>>(here, maps, { metadata: { name: `w${n}` } });
    const path = `${maps}?watch=1&resourceVersion=${version}&timeoutSeconds=20`;
    for await (const { type, object } of there.watch<ConfigMap>({ method: 'GET', path })) {
      const event = object as Stored<ConfigMap>;
      seen.push(`${type} ${event.metadata.name}`);
      version = event.metadata.resourceVersion;
      if (event.metadata.name === metadata.name) break;
    }
    // One that begins where this server may not be yet.
    const list = await get<KubeList<ConfigMap>>(there, `${maps}?resourceVersion=${version}`);
    assert.ok(Number(list.metadata.resourceVersion) >= Number(version));
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 30 }, (_, n) => `ADDED w${n}`),
  );
});

test('a version still to come is told as too large, as upstream does', async () => {
  const future = stores[0]!.revision + 1000;
  await assert.rejects(get(one, `${maps}?resourceVersion=${future}`), (error: ApiError) => {
    assert.equal(error.code, 504);
    assert.match(error.message, /Too large resource version/);
    return true;
  });
});

test('two servers give no ClusterIP and no node port twice', async () => {
  const path = '/api/v1/namespaces/default/services';
  const service = (name: string, nodePort?: number) => ({
    metadata: { name },
    spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80, ...(nodePort && { nodePort }) }] },
  });
  const asked = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => n).flatMap(n => [
      post(one, path, service(`one-${n}`, 30_000 + n)),
      post(two, path, service(`two-${n}`, 30_000 + n)),
    ]),
  );
  for (let n = 0; n < 20; n++) {
    assert.deepEqual(
      asked
        .slice(2 * n, 2 * n + 2)
        .map(codeOf)
        .sort(),
      [201, 422],
      `port ${30_000 + n}`,
    );
  }
  const free = Array.from({ length: 40 }, (_, n) => post(n % 2 ? one : two, path, service(`any-${n}`)));
  await Promise.all(free);
  const { items } = await get<KubeList<Stored<Service>>>(one, path);
  const addresses = items.map(({ spec }) => spec?.clusterIP);
  const ports = items.flatMap(({ spec }) => spec?.ports?.flatMap(port => port.nodePort ?? []) ?? []);
  assert.deepEqual([new Set(addresses).size, new Set(ports).size], [items.length, 60]);
  // What a deleted Service had can be had again, from the other server.
  const winner = items.find(({ spec }) => spec?.ports?.[0]?.nodePort === 30_000)!.metadata.name;
  await one.request({ method: 'DELETE', path: `${path}/${winner}` });
  await post(two, path, service('again', 30_000));
});
