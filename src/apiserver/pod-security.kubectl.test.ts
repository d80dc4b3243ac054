import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
  await cluster.run(['create', 'namespace', 'tight']);
  await cluster.run(['create', 'serviceaccount', 'default', '-n', 'tight']);
});
after(() => cluster.stop());

const label = (...labels: string[]) => cluster.run(['label', '--overwrite', 'ns', 'tight', ...labels]);
const pod = (name: string) => cluster.run(['run', name, '-n', 'tight', '--image=nginx', '--privileged']);

test('pods are held to the level of their namespace', async () => {
  assert.equal((await pod('early')).code, 0);
  const labelled = await label('pod-security.kubernetes.io/enforce=baseline');
  assert.equal(labelled.code, 0);
  assert.equal(
    labelled.stderr,
    'Warning: existing pods in namespace "tight" violate the new PodSecurity enforce level "baseline:latest"\n' +
      'Warning: early: privileged\n',
  );
  const refused = await pod('late');
  assert.equal(
    refused.stderr,
    'Error from server (Forbidden): pods "late" is forbidden: violates PodSecurity "baseline:latest": privileged (container "late" must not set securityContext.privileged=true)\n',
  );
});

test('templates are warned of, never refused', async () => {
  await label('pod-security.kubernetes.io/enforce=restricted', 'pod-security.kubernetes.io/warn=restricted');
  const created = await cluster.run(['create', 'deployment', 'web', '-n', 'tight', '--image=nginx']);
  assert.equal(created.code, 0);
  assert.match(
    created.stderr,
    /^Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "nginx" must set/,
  );
});

test('a level that does not exist is refused', async () => {
  const refused = await label('pod-security.kubernetes.io/enforce=tight');
  assert.equal(
    refused.stderr,
    'The Namespace "tight" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted\n',
  );
});
