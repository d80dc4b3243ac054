import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { ApiServer } from '../apiserver.ts';
import type { ServerRequest, ServerResponse } from '../exchange.ts';
import { adminUser, configMap } from '../testing/api.ts';

const path = '/api/v1/namespaces/default/configmaps';
const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
let server: ApiServer;
let store: MemoryStore;

before(async () => {
  const clock = systemClock;
  store = new MemoryStore({ clock, log: silentLogger });
  const decisions = new DecisionLog(clock, 'server');
  server = new ApiServer({ clock, log: silentLogger, decisions, store });
  await store.start(AbortSignal.timeout(10_000));
  await server.start(AbortSignal.timeout(10_000));
  const admin = server.transport(adminUser);
  for (let i = 0; i < 500; i++) await admin.request({ method: 'POST', path, body: configMap(`c${i}`) });
  await admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'all' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
    },
  });
});
after(async () => {
  await server.stop();
  await store.stop();
});

/** As it comes from the network. */
function send(user: string, target: string, groups: string[] = []): Promise<ServerResponse> {
  const [asked, query] = target.split('?');
  const request: ServerRequest = {
    method: 'GET',
    path: asked!,
    query: new URLSearchParams(query),
    headers: {},
    body: { kind: 'none' },
    signal: new AbortController().signal,
    user: { name: user, groups: [...groups, 'system:authenticated'] },
    inProcess: false,
    remoteAddress: '127.0.0.1',
  };
  return server.handle(request);
}

test('one client that asks for a lot at once does not starve another', async () => {
  let answered = 0;
  const flood = Array.from({ length: 400 }, async () => {
    // Each looks at every object.
    const response = await send('greedy', `${path}?labelSelector=a%3Db`);
    answered++;
    return response.status;
  });
  const { status } = await send('other', `${path}/c1`);
  const before = answered;
  const statuses = await Promise.all(flood);
  assert.equal(status, 200);
  assert.ok(statuses.filter(each => each === 200).length > 100, 'the flood is answered as well');
  assert.ok(statuses.every(each => each === 200 || each === 429));
  const refused = statuses.filter(each => each === 429).length;
  assert.ok(before - refused < 40, `${before - refused} requests of the flood went first`);
});

test('answers tell the FlowSchema and the level; the administrator is exempt', async () => {
  const admin = server.transport(adminUser);
  const uid = async (kind: string, name: string) =>
    (await admin.request<{ metadata: { uid: string } }>({ method: 'GET', path: `${group}/${kind}/${name}` }))
      .metadata.uid;
  const told = async (user: string, groups: string[] = []) => {
    const { headers } = await send(user, `${path}/c1`, groups);
    return [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']];
  };
  const uids = async (schema: string, level: string) => [
    await uid('flowschemas', schema),
    await uid('prioritylevelconfigurations', level),
  ];
  assert.deepEqual(await told('anna'), await uids('global-default', 'global-default'));
  assert.deepEqual(await told('root', ['system:masters']), await uids('exempt', 'exempt'));
  const account = await told('system:serviceaccount:default:x', ['system:serviceaccounts']);
  assert.deepEqual(account, await uids('service-accounts', 'workload-low'));
});
