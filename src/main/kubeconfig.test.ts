import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { mergeKubeconfig, removeFromKubeconfig, renderKubeconfig } from './kubeconfig.ts';

const access = {
  context: 'causeway',
  server: 'https://172.30.0.1:6443',
  authority: 'CA',
  user: { cert: 'C', key: 'K' },
};

const other = `apiVersion: v1
kind: Config
clusters: [{name: prod, cluster: {server: "https://prod"}}]
users: [{name: prod, user: {token: t}}]
contexts: [{name: prod, context: {cluster: prod, user: prod, namespace: web}}]
current-context: prod
preferences: {colors: true}
`;

test('an access is merged beside others and becomes the current one', () => {
  const merged = parse(mergeKubeconfig(other, access));
  assert.deepEqual(
    merged.contexts.map((entry: { name: string }) => entry.name),
    ['prod', 'causeway'],
  );
  assert.equal(merged['current-context'], 'causeway');
  assert.deepEqual(merged.preferences, { colors: true });
  assert.equal(merged.contexts[0].context.namespace, 'web');
});

test('merging twice leaves one access, the later', () => {
  const once = mergeKubeconfig('', access);
  const twice = parse(mergeKubeconfig(once, { ...access, server: 'https://172.30.0.1:7000' }));
  assert.equal(twice.clusters.length, 1);
  assert.equal(twice.clusters[0].cluster.server, 'https://172.30.0.1:7000');
});

test('removing takes the access out and leaves the others', () => {
  const merged = mergeKubeconfig(other, access);
  const left = parse(removeFromKubeconfig(merged, 'causeway')!);
  assert.deepEqual(
    left.users.map((entry: { name: string }) => entry.name),
    ['prod'],
  );
  assert.equal(left['current-context'], '');
  assert.equal(removeFromKubeconfig(other, 'causeway'), undefined);
});

test('the rendered file is one cluster, one user, one context', () => {
  const config = parse(renderKubeconfig(access));
  assert.equal(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString(), 'K');
  assert.equal(config['current-context'], 'causeway');
});

test('a file that is no kubeconfig is refused', () => {
  assert.throws(() => mergeKubeconfig('- a\n- b\n', access), /not a kubeconfig/);
});
