import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import { builtin } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { CertificateController } from './certificate-controller.ts';

const hour = 60 * 60 * 1000;
const resource = builtin('certificates.k8s.io/v1', 'certificatesigningrequests');
/** No request of these tests is for a signer of the cluster. */
const unused: CertificateAuthority = {
  read: () => Promise.reject(new Error('nothing is to be read')),
  sign: () => Promise.reject(new Error('nothing is to be signed')),
};

let cluster: TestCluster;
afterEach(() => cluster.stop());

function request(name: string, condition?: 'Approved' | 'Denied'): CertificateSigningRequest {
  const time = formatTime(cluster.clock.now());
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name, creationTimestamp: time },
    spec: { request: '', signerName: 'example.com/own', usages: ['client auth'] },
    ...(condition && {
      status: { conditions: [{ type: condition, status: 'True', lastUpdateTime: time }] },
    }),
  };
}

const names = () => cluster.list(resource).map(({ metadata }) => metadata.name);

it('removes requests an hour after they are denied, and a day after nobody answers', async () => {
  cluster = new TestCluster();
  cluster.seed(request('denied', 'Denied'));
  cluster.seed(request('pending'));
  cluster.seed(request('approved', 'Approved'));
  await cluster.run(new CertificateController({ ...cluster.deps, authority: unused }));
  await cluster.clock.advance(hour - 1000);
  assert.deepEqual(names().sort(), ['approved', 'denied', 'pending']);
  await cluster.clock.advance(2000);
  await cluster.rest();
  assert.deepEqual(names().sort(), ['approved', 'pending']);
  await cluster.clock.advance(24 * hour);
  await cluster.rest();
  assert.deepEqual(names(), ['approved'], 'its signer may still come');
});
