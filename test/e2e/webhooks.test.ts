import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestAuthority } from '../../src/apiserver/testing/pki.ts';
import { TestCluster } from './cluster.ts';

/** Admission webhooks as people run them: in a pod behind a Service. */

const cluster = new TestCluster('e2e-hooks');
const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
let caBundle: string;

before(async () => {
  const up = await cluster.up('--nodes', '1');
  assert.equal(up.code, 0, up.stderr);
  const authority = await TestAuthority.create();
  const { cert, key } = await authority.issue('CN=hook', ['hook.default.svc']);
  caBundle = base64(authority.cert);
  await apply(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hook' },
      data: { 'tls.crt': base64(cert), 'tls.key': base64(key) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hook' },
      spec: { selector: { app: 'hook' }, ports: [{ port: 443, targetPort: 8444 }] },
    },
    pod('hook', {
      args: [
        'webhook',
        '--port=8444',
        '--tls-cert-file=/certs/tls.crt',
        '--tls-private-key-file=/certs/tls.key',
      ],
      volumeMounts: [{ name: 'certs', mountPath: '/certs' }],
      readinessProbe: { httpGet: { scheme: 'HTTPS', port: 8444, path: '/readyz' }, periodSeconds: 1 },
    }),
  );
  await kubectl('wait pod hook --for=condition=Ready --timeout=120s');
});

after(() => cluster.delete());

const base64 = (text: string) => Buffer.from(text).toString('base64');

const pod = (name: string, container: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: {
    containers: [{ name, image, ...container }],
    volumes: [{ name: 'certs', secret: { secretName: 'hook' } }],
    terminationGracePeriodSeconds: 0,
  },
});

const kubectl = (words: string, input?: string) => cluster.succeed(words, input);

const apply = (...items: object[]) => cluster.apply(...items);

const configuration = (kind: string, path: string) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: `${kind}WebhookConfiguration`,
  metadata: { name: 'hook' },
  webhooks: [
    {
      name: `${kind.toLowerCase()}.hook.example.com`,
      clientConfig: { service: { namespace: 'default', name: 'hook', path }, caBundle },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      objectSelector: { matchLabels: { hook: 'yes' } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
});

const configMap = (name: string, data: object) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { hook: 'yes' } },
    data,
  });

test('webhooks in a pod change and refuse objects; without the pod nothing passes', async () => {
  await apply(configuration('Mutating', '/mutating-configmaps'), configuration('Validating', '/configmaps'));
  await kubectl('create -f -', configMap('changed', { 'mutation-start': 'yes' }));
  const shown = await kubectl('get cm changed -o jsonpath={.data}');
  assert.equal(shown, '{"mutation-stage-1":"yes","mutation-start":"yes"}');
  const bad = configMap('bad', { 'webhook-e2e-test': 'webhook-disallow' });
  const refused = await cluster.kubectl('create -f -', bad);
  assert.match(refused.stderr, /admission webhook "validating\.hook\.example\.com" denied the request/);
  await kubectl('delete pod hook');
  const closed = await cluster.kubectl('create -f -', configMap('closed', {}));
  assert.match(
    closed.stderr,
    /failed calling webhook "mutating\.hook\.example\.com": failed to call webhook: Post "https:\/\/hook\.default\.svc:443\/mutating-configmaps\?timeout=10s"/,
  );
});
