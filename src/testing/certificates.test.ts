import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CertificateSigningRequest } from '../api/generated/types.ts';
import { ApiError } from '../api/status.ts';
import { TestAuthority } from '../apiserver/testing/pki.ts';
import { X509Authority } from '../controllers/certificates/x509-authority.ts';
import { MemoryCluster } from './memory-cluster.ts';

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const apiVersion = 'certificates.k8s.io/v1';
let authority: TestAuthority;
let cluster: MemoryCluster;

before(async () => {
  authority = await TestAuthority.create();
  cluster = new MemoryCluster({ authority: new X509Authority(await authority.pair()) });
  await cluster.start([], []);
});
after(() => cluster.stop());

type Spec = Partial<CertificateSigningRequest['spec']>;

async function ask(
  name: string,
  subject: string,
  spec: Spec,
  names: string[] = [],
  transport = cluster.transport,
) {
  const { request } = await authority.request(subject, names);
  const body = {
    apiVersion,
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: Buffer.from(request).toString('base64'), ...spec },
  };
  await transport.request({ method: 'POST', path, body });
}

const get = (name: string) =>
  cluster.transport.request<CertificateSigningRequest>({ method: 'GET', path: `${path}/${name}` });

const say = (name: string, type: string, subresource = 'approval') =>
  cluster.transport.request<CertificateSigningRequest>({
    method: 'PATCH',
    path: `${path}/${name}/${subresource}`,
    contentType: 'application/merge-patch+json',
    body: { status: { conditions: [{ type, status: 'True', reason: 'Test', message: 'm' }] } },
  });

async function signed(name: string): Promise<X509Certificate> {
  await cluster.until(`${name} is signed`, async () => !!(await get(name)).status?.certificate);
  return new X509Certificate(Buffer.from((await get(name)).status!.certificate!, 'base64'));
}

async function failure(name: string): Promise<string | undefined> {
  const failed = async () => (await get(name)).status?.conditions?.find(({ type }) => type === 'Failed');
  await cluster.until(`${name} fails`, async () => (await failed()) !== undefined);
  return (await failed())?.message;
}

test('an approved request of a client is signed, for as long as it asks', async () => {
  const spec = {
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    expirationSeconds: 3600,
  };
  await ask('anna', 'O=devs, CN=anna', spec);
  assert.equal((await get('anna')).status?.certificate, undefined);
  const approved = await say('anna', 'Approved');
  assert.ok(approved.status?.conditions?.[0]?.lastUpdateTime, 'the server says when');
  const cert = await signed('anna');
  assert.equal(cert.subject, 'O=devs\nCN=anna');
  assert.ok(cert.verify(new X509Certificate(authority.cert).publicKey));
  assert.deepEqual(cert.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(Math.round((Date.parse(cert.validTo) - cluster.clock.now()) / 60_000), 60);
});

test('what a signer does not sign fails, and says why', async () => {
  const signerName = 'kubernetes.io/kubelet-serving';
  await ask('serving', 'O=system:nodes, CN=system:node:n1', { signerName, usages: ['server auth'] }, ['n1']);
  await say('serving', 'Approved');
  assert.equal(await failure('serving'), 'usages did not match [digital signature server auth]');
});

test("a kubelet's serving certificate carries its names", async () => {
  const spec = { signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] };
  await ask('names', 'O=system:nodes, CN=system:node:n1', spec, ['n1', '172.30.0.2']);
  await say('names', 'Approved');
  assert.equal((await signed('names')).subjectAltName, 'DNS:n1, IP Address:172.30.0.2');
});

test("a kubelet's own request is approved where it may ask", async () => {
  const spec = {
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  };
  const node = cluster.server.api.transport({
    name: 'system:node:n1',
    groups: ['system:nodes', 'system:authenticated'],
  });
  await ask('own', 'O=system:nodes, CN=system:node:n1', spec, [], node);
  await cluster.clock.advance(1000);
  assert.equal((await get('own')).status?.conditions, undefined, 'nobody allows it yet');
  await cluster.transport.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'renewals' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
    },
  });
  await signed('own');
  assert.equal((await get('own')).status?.conditions?.[0]?.reason, 'AutoApproved');
});

test('an answer cannot be taken back, nor given where it does not belong', async () => {
  await ask('kept', 'CN=a', { signerName: 'example.com/own', usages: ['client auth'] });
  const refused = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof ApiError);
    return error.message;
  };
  assert.match(
    await refused(say('kept', 'Approved', 'status')),
    /updates may not add a condition of type "Approved"/,
  );
  await say('kept', 'Approved');
  assert.match(await refused(say('kept', 'Denied')), /updates may not remove a condition of type "Approved"/);
  assert.equal((await get('kept')).status?.certificate, undefined, 'others sign for their own names');
});
