import { join } from 'node:path';
import type { BenchCluster } from './cluster.ts';
import { root } from './context.ts';

const namespace = 'bench';
const account = 'load';
const script = join(root, 'bench/load/get.lua');

/**
 * Gets a second with wrk over 32 connections and a service account's token (wrk has no client certificates).
 * The namespace and its ConfigMaps are there already.
 */
export async function getsWithToken(cluster: BenchCluster): Promise<number> {
  const kubectl = (...args: string[]) => cluster.exec('kubectl', args);
  const apply = (object: object) =>
    cluster.exec('sh', ['-c', 'printf %s "$0" | kubectl apply -f -', JSON.stringify(object)]);
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } });
  await apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'bench-load' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
  const token = (await kubectl('-n', namespace, 'create', 'token', account)).trim();
  const server = (
    await kubectl('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}')
  ).trim();
  const url = `${server}/api/v1/namespaces/${namespace}/configmaps`;
  const header = `Authorization: Bearer ${token}`;
  const report = await cluster.exec('wrk', ['-t1', '-c32', '-d5s', '-s', script, '-H', header, url]);
  if (/Non-2xx/.test(report)) throw new Error(`wrk was refused:\n${report}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
}
