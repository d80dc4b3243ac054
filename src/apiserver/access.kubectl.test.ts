import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
});
after(() => cluster.stop());

const role = (verbs: string[]) =>
  JSON.stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
  });

test('auth reconcile makes a role, and adds what it lacks', async () => {
  const reconcile = (verbs: string[]) =>
    cluster.run(['auth', 'reconcile', '-f', '-'], { input: role(verbs) });
  assert.match((await reconcile(['get'])).stdout, /role.rbac.authorization.k8s.io\/reader reconciled/);
  const again = await reconcile(['list']);
  assert.equal(again.code, 0, again.stderr);
  const { stdout } = await cluster.run(['get', 'role', 'reader', '-o', 'jsonpath={.rules[*].verbs}']);
  assert.match(stdout, /"get"/);
  assert.match(stdout, /"list"/);
});

test('certificate approve and deny answer a request', async () => {
  const { request } = await cluster.authority.request('CN=anna');
  for (const [name, verb, condition] of [
    ['one', 'approve', 'Approved'],
    ['two', 'deny', 'Denied'],
  ] as const) {
    const body = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    };
    await cluster.run(['create', '-f', '-'], { input: JSON.stringify(body) });
    const answered = await cluster.run(['certificate', verb, name]);
    assert.equal(answered.code, 0, answered.stderr);
    const { stdout } = await cluster.run(['get', 'csr', name, '--no-headers']);
    assert.match(stdout, new RegExp(`kubernetes-admin +<none> +${condition}\n$`));
  }
});
