import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../api/generated/types.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';
import { ResourceClient } from '../../client/client.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { ClaimProtection, VolumeProtection } from '../volume-protection/volume-protection.ts';
import { PersistentVolumeBinder } from './persistent-volume-binder.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster();
  cluster.seed<Node>({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n1',
      labels: { 'kubernetes.io/hostname': 'n1' },
      annotations: { [nodeFolders.annotation]: '/volumes' },
    },
  });
  const { deps } = cluster;
  await cluster.run(new PersistentVolumeBinder(deps), new ClaimProtection(deps), new VolumeProtection(deps));
});
afterEach(() => cluster.stop());

const claims = resources.persistentVolumeClaims;
const volumes = resources.persistentVolumes;
const claim = () => cluster.get<PersistentVolumeClaim>(claims, 'default', 'data')!;
const volume = (name = 'v1') => cluster.get<PersistentVolume>(volumes, '', name);

function makeClaim(spec: PersistentVolumeClaim['spec'], annotations?: Record<string, string>): Promise<void> {
  const finalizers = ['kubernetes.io/pvc-protection'];
  cluster.seed<PersistentVolumeClaim>({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'default', name: 'data', uid: 'c1', finalizers, annotations },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase: 'Pending' },
  });
  return cluster.rest();
}

function makeVolume(spec: PersistentVolume['spec'] = {}): Promise<void> {
  cluster.seed<PersistentVolume>({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v1', uid: 'v1', finalizers: ['kubernetes.io/pv-protection'] },
    spec: {
      ...{ capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: '' },
      ...{ hostPath: { path: '/x' }, persistentVolumeReclaimPolicy: 'Retain', ...spec },
    },
    status: { phase: 'Pending' },
  });
  return cluster.rest();
}

async function remove(name: 'claim' | 'volume'): Promise<void> {
  if (name === 'claim') await new ResourceClient(cluster.transport, claims).delete('default', 'data');
  else await new ResourceClient(cluster.transport, volumes).delete('', 'v1');
  await cluster.rest();
}

test('there is a class for claims that name none', () => {
  const standard = cluster.get<StorageClass>(resources.storageClasses, '', 'standard');
  assert.equal(standard?.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'], 'true');
});

test('a claim and a volume find each other, whichever comes first; a retained volume stays', async () => {
  await makeClaim({ storageClassName: '' });
  assert.ok(
    cluster.recorder.events.includes(
      'Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
    ),
  );
  await makeVolume();
  assert.deepEqual([claim().status?.phase, claim().spec?.volumeName], ['Bound', 'v1']);
  assert.deepEqual(claim().status?.capacity, { storage: '2Gi' });
  assert.deepEqual([volume()?.status?.phase, volume()?.spec?.claimRef?.uid], ['Bound', 'c1']);

  await remove('claim');
  assert.equal(claim(), undefined);
  assert.equal(volume()?.status?.phase, 'Released');
  await remove('volume');
  assert.equal(volume(), undefined);
});

test('a claim whose volume vanishes is lost', async () => {
  await makeVolume();
  await makeClaim({ storageClassName: '' });
  cluster.transport.unseed(volume()!);
  await cluster.rest();
  assert.equal(claim().status?.phase, 'Lost');
});

test('a claim that names its volume waits for it, and says why that does not do', async () => {
  await makeClaim({ storageClassName: '', volumeName: 'v1', resources: { requests: { storage: '3Gi' } } });
  await makeVolume();
  assert.equal(claim().status?.phase, 'Pending');
  assert.ok(
    cluster.recorder.events.includes(
      'Warning VolumeMismatch Cannot bind to requested volume "v1": requested PV is too small',
    ),
  );
});

test('a claim of the class standard gets a folder of the node its pod runs on, which goes with it', async () => {
  await makeClaim({ storageClassName: 'standard' });
  assert.equal(claim().status?.phase, 'Pending');
  assert.equal(cluster.list(volumes).length, 0, 'not before its pod has a node');
  await cluster.change<PersistentVolumeClaim>(claims, 'default', 'data', found => ({
    metadata: { ...found.metadata, annotations: { [storageAnnotations.selectedNode]: 'n1' } },
  }));
  const made = volume('pvc-c1');
  assert.equal(made?.spec?.local?.path, '/volumes/pvc-c1_default_data');
  assert.equal(claim().status?.phase, 'Bound');
  await remove('claim');
  assert.equal(volume('pvc-c1'), undefined);
});

test('a claim stays while a pod on a node has it', async () => {
  await makeVolume();
  await makeClaim({ storageClassName: '' });
  const pod = cluster.seed<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'p', uid: 'p1' },
    spec: {
      nodeName: 'n1',
      containers: [],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await cluster.rest();
  await remove('claim');
  assert.ok(claim()?.metadata.deletionTimestamp);
  cluster.transport.unseed(pod);
  await cluster.rest();
  assert.equal(claim(), undefined);
});

test('a volume that nobody can empty fails, with the reason', async () => {
  await makeVolume({ persistentVolumeReclaimPolicy: 'Delete' });
  await makeClaim({ storageClassName: '' });
  await remove('claim');
  assert.equal(volume()?.status?.phase, 'Failed');
  assert.match(volume()?.status?.message ?? '', /no deletable volume plugin matched/);
});

test('the claims of other provisioners are left to them', async () => {
  cluster.seed<StorageClass>({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'cloud' },
    provisioner: 'disk.example.com',
    volumeBindingMode: 'Immediate',
  });
  await makeClaim({ storageClassName: 'cloud' });
  assert.equal(claim().metadata.annotations?.[storageAnnotations.provisioner], 'disk.example.com');
  assert.equal(cluster.list(volumes).length, 0);
});
