import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestAuthority } from '../../src/apiserver/testing/pki.ts';
import { TestCluster } from './cluster.ts';

/** An extension API server as people run it: in a pod, with its own etcd, behind a Service. */

const cluster = new TestCluster('e2e-agg');
const name = 'v1alpha1.wardle.example.com';

before(async () => {
  const up = await cluster.up('--nodes', '1');
  assert.equal(up.code, 0, up.stderr);
  const authority = await TestAuthority.create();
  const { cert, key } = await authority.issue('CN=api', ['sample-api.wardle.svc']);
  const namespace = 'wardle';
  const account = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', subjects: account };
  const role = (kind: string, of: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: of });
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'certs', namespace },
      data: { 'tls.crt': base64(cert), 'tls.key': base64(key) },
    },
    {
      ...rbac,
      kind: 'RoleBinding',
      metadata: { name: 'wardle-auth-reader', namespace: 'kube-system' },
      roleRef: role('Role', 'extension-apiserver-authentication-reader'),
    },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'wardle-auth-delegator' },
      roleRef: role('ClusterRole', 'system:auth-delegator'),
    },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'wardle-view' },
      roleRef: role('ClusterRole', 'view'),
    },
    pod(namespace),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'sample-api', namespace },
      spec: { selector: { app: 'api' }, ports: [{ port: 7443, targetPort: 443 }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        group: 'wardle.example.com',
        version: 'v1alpha1',
        groupPriorityMinimum: 2000,
        versionPriority: 200,
        caBundle: base64(authority.cert),
        service: { namespace, name: 'sample-api', port: 7443 },
      },
    },
  );
  await kubectl(`wait apiservice ${name} --for=condition=Available --timeout=180s`);
});

after(() => cluster.delete());

const base64 = (text: string) => Buffer.from(text).toString('base64');

const pod = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'api', namespace, labels: { app: 'api' } },
  spec: {
    containers: [
      {
        name: 'api',
        image: 'registry.k8s.io/e2e-test-images/sample-apiserver:1.29.2',
        args: [
          '--etcd-servers=http://127.0.0.1:2379',
          '--tls-cert-file=/certs/tls.crt',
          '--tls-private-key-file=/certs/tls.key',
        ],
        volumeMounts: [{ name: 'certs', mountPath: '/certs' }],
        readinessProbe: { httpGet: { scheme: 'HTTPS', port: 443, path: '/readyz' }, periodSeconds: 1 },
      },
      {
        name: 'etcd',
        image: 'registry.k8s.io/etcd:3.6.6-0',
        command: ['/usr/local/bin/etcd', '--listen-client-urls', 'http://127.0.0.1:2379'],
        args: ['--advertise-client-urls', 'http://127.0.0.1:2379'],
      },
    ],
    volumes: [{ name: 'certs', secret: { secretName: 'certs' } }],
    terminationGracePeriodSeconds: 0,
  },
});

const kubectl = (words: string, input?: string) => cluster.succeed(words, input);

const apply = (...items: object[]) => cluster.apply(...items);

const flunder = (named: string, ownerReferences: object[] = []) =>
  JSON.stringify({
    apiVersion: 'wardle.example.com/v1alpha1',
    kind: 'Flunder',
    metadata: { name: named, namespace: 'shop', ownerReferences },
  });

test('its objects are kept, shown, collected with their owners, and go with their namespace', async () => {
  await kubectl('create namespace shop');
  await kubectl('create -f -', flunder('a'));
  assert.match(await kubectl('get flunders -n shop'), /^NAME +CREATED AT\na +\d{4}-/);
  const twice = await cluster.kubectl('create -f -', flunder('a'));
  assert.match(twice.stderr, /flunders\.wardle\.example\.com "a" already exists/);
  assert.match((await cluster.kubectl('get flunders -n shop --as=bob')).stderr, /User "bob" cannot list/);
  await kubectl('create configmap owner -n shop');
  const uid = await kubectl('get configmap owner -n shop -o jsonpath={.metadata.uid}');
  await kubectl(
    'create -f -',
    flunder('owned', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]),
  );
  await kubectl('delete configmap owner -n shop');
  await kubectl('wait flunder owned -n shop --for=delete --timeout=60s');
  await kubectl('delete namespace shop --timeout=60s');
  await kubectl('create namespace shop');
  assert.equal(await kubectl('get flunders -n shop -o name'), '');
});
