import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Pod } from '../api/generated/types.ts';
import type { KubeList } from '../api/objects.ts';
import type { Decision } from '../base/decisions.ts';
import { MemoryCluster } from './memory-cluster.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}docs/FLOW.md`, 'utf8');
const image = 'docker.io/library/nginx:latest';

const labels = { app: 'web' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'web', image, imagePullPolicy: 'IfNotPresent' }] },
    },
  },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};

test('the hops of docs/FLOW.md name files that exist', () => {
  const files = [...page.matchAll(/`(src\/[\w./-]+\.ts)`/g)].map(match => match[1]!);
  assert.ok(files.length >= 15);
  assert.deepEqual(
    files.filter(file => !existsSync(`${root}${file}`)),
    [],
  );
});

test('the decisions of docs/FLOW.md are taken, in the order of its hops', async t => {
  const cluster = new MemoryCluster();
  t.after(() => cluster.stop());
  await cluster.start(['n1', 'n2'], [image]);
  const { transport, decisions } = cluster;
  await transport.request({ method: 'POST', path: '/api/v1/namespaces/default/services', body: service });
  await transport.request({
    method: 'POST',
    path: '/apis/apps/v1/namespaces/default/deployments',
    body: deployment,
  });
  await cluster.until('both pods are Ready', async () => {
    const { items } = await transport.request<KubeList<Pod>>({
      method: 'GET',
      path: '/api/v1/namespaces/default/pods',
    });
    return items.filter(isReady).length === 2;
  });
  const ofService = ({ type, detail }: Decision) =>
    type === 'service.rules' && (detail as { endpoints: number }).endpoints === 2;
  await cluster.until('the rules have both endpoints', () => decisions.since().some(ofService));

  const pod = decisions.since().find(({ type }) => type === 'pod.bound')!.object!.name;
  await transport.request({ method: 'DELETE', path: `/api/v1/namespaces/default/pods/${pod}` });
  const isRemoved = ({ type, object }: Decision) => type === 'pod.removed' && object?.name === pod;
  await cluster.until('the pod is removed', () => decisions.since().some(isRemoved));

  const about = decisions.since().filter(isAbout(pod));
  let at = -1;
  for (const [, type] of page.matchAll(/`([a-z]+\.[a-z]+)`$/gm)) {
    const next = about.findIndex((decision, index) => index > at && decision.type === type);
    const order = about.map(decision => decision.type).join(', ');
    assert.ok(next >= 0, `${type} comes after ${about[at]?.type ?? 'the start'}: ${order}`);
    at = next;
  }
});

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** The decisions on one pod, and those on what it belongs to. */
function isAbout(pod: string) {
  return ({ object }: Decision) => object?.name === pod || object?.name?.startsWith('web') === true;
}
