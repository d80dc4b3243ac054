/**
 * An API server by itself on loopback, on a fresh SQLite store or on an etcd, for the API benches: prints the
 * path of a kubeconfig when it serves, ends at SIGTERM. A parent that sends a message over IPC is told the longest
 * turn of its event loop since the last one. Usage: node bench/api-server.ts FOLDER [ENDPOINT]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiServer } from '../src/apiserver/apiserver.ts';
import { systemClock as clock } from '../src/base/clock.ts';
import { DecisionLog } from '../src/base/decisions.ts';
import { createLogger } from '../src/base/log.ts';
import { renderKubeconfig } from '../src/main/kubeconfig.ts';
import { Pki } from '../src/main/pki.ts';
import { EtcdStore } from '../src/store/etcd-store.ts';
import { SqliteStore } from '../src/store/sqlite-store.ts';
import { Turns } from './turns.ts';

const [, , folder = '', endpoint] = process.argv;
mkdirSync(folder, { recursive: true });
const pki = new Pki(clock, join(folder, 'pki'));
const authority = await pki.authority();
const serving = await pki.issue('server', {
  commonName: 'kube-apiserver',
  names: ['127.0.0.1'],
  usage: ['serverAuth'],
});
const user = await pki.issue('admin', {
  commonName: 'kubernetes-admin',
  organization: 'system:masters',
  usage: ['clientAuth'],
});
const log = createLogger(clock, { component: 'server', level: 'warn' });
const lost = (reason: Error) => {
  throw reason;
};
const store = endpoint
  ? new EtcdStore({ clock, log, lost }, { endpoints: [endpoint], prefix: '/causeway/bench' })
  : new SqliteStore({ clock, log }, { path: join(folder, 'store.db') });
const deps = { clock, log, decisions: new DecisionLog(clock, 'server'), store };
const listen = { addresses: ['127.0.0.1'], port: 0, tls: { ...serving, clientCa: authority.cert } };
const server = new ApiServer(deps, { listen });
const { signal } = new AbortController();
await store.start(signal);
await server.start(signal);
const kubeconfig = join(folder, 'kubeconfig');
const url = `https://127.0.0.1:${server.port}`;
writeFileSync(
  kubeconfig,
  renderKubeconfig({ context: 'bench', server: url, authority: authority.cert, user }),
  { mode: 0o600 },
);
process.once('SIGTERM', async () => {
  await server.stop();
  await store.stop();
  process.disconnect?.();
});
const turns = new Turns();
turns.start();
process.on('message', () => process.send?.(turns.take()));
console.log(kubeconfig);
