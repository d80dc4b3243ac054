import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { builtinByResource } from '../api/resources.ts';
import { storageAnnotations } from '../api/storage/claims.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { FakeTransport } from '../client/fake-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import { Scheduler } from './scheduler.ts';
import { testNode, testPod } from './test-objects.ts';

const builtin = (resource: string) => builtinByResource({ group: '', version: 'v1', resource })!;
const kinds = {
  pods: builtin('pods'),
  claims: builtin('persistentvolumeclaims'),
  volumes: builtin('persistentvolumes'),
};

let clock: FakeClock;
let transport: FakeTransport;
let stop: () => Promise<unknown>;
let rest: () => Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  transport = new FakeTransport({ clock });
});
afterEach(() => stop());

/** A class whose claims wait for their first pod; `provisioner` makes their volumes. */
function waitingClass(provisioner: string): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'late' },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

function claimOf(name: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'default', name, uid: `claim-${name}` },
    spec: {
      ...{ storageClassName: 'late', accessModes: ['ReadWriteOnce'] },
      resources: { requests: { storage: '1Gi' } },
    },
    status: { phase: 'Pending' },
  };
}

function volumeOn(node: string): PersistentVolume {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `disk-${node}` },
    spec: {
      ...{ storageClassName: 'late', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
    status: { phase: 'Available' },
  };
}

const podWith = (claim: string) =>
  testPod(claim, { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }] } });

async function run(...objects: KubeObject[]): Promise<void> {
  for (const object of objects) transport.seed(object);
  const informers = new InformerFactory({ clock, log: silentLogger, transport });
  const decisions = new DecisionLog(clock, 'server');
  const recorder = new FakeEventRecorder();
  const deps = { clock, log: silentLogger, decisions, transport, informers, recorder };
  const scheduler = new Scheduler(deps, { random: () => 0 });
  stop = () => Promise.all([scheduler.stop(), informers.stop()]);
  rest = async () => {
    for (let round = 0; round < 6; round++) {
      await clock.advance(0);
      await scheduler.idle();
    }
  };
  const started = scheduler.start(new AbortController().signal);
  await informers.start(new AbortController().signal);
  await rest();
  await started;
  await rest();
}

/** As the volume controller does when both halves fit. */
async function bind(name: string, volumeName: string): Promise<void> {
  const claim = transport.object<PersistentVolumeClaim>(kinds.claims, 'default', name)!;
  const annotations = { ...claim.metadata.annotations, [storageAnnotations.bindCompleted]: 'yes' };
  transport.seed({
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName },
    status: { phase: 'Bound' },
  });
  await rest();
}

const nodeOf = (name: string) => transport.object<Pod>(kinds.pods, 'default', name)?.spec?.nodeName;
const refused = (name: string) =>
  transport.object<Pod>(kinds.pods, 'default', name)?.status?.conditions?.[0]?.message;

test('a provisioner is told the node, and the pod is bound when its claim is', async () => {
  await run(testNode('n1'), waitingClass('disk.example.com'), claimOf('a'), podWith('a'));
  const claim = transport.object<PersistentVolumeClaim>(kinds.claims, 'default', 'a');
  assert.equal(claim?.metadata.annotations?.[storageAnnotations.selectedNode], 'n1');
  assert.equal(nodeOf('a'), undefined);
  await bind('a', 'made');
  assert.equal(nodeOf('a'), 'n1');
});

test('a volume made by hand draws the pod to its node, and is promised once', async () => {
  const objects = [
    testNode('n1'),
    testNode('n2'),
    waitingClass('kubernetes.io/no-provisioner'),
    volumeOn('n2'),
  ];
  await run(...objects, claimOf('a'), claimOf('b'), podWith('a'), podWith('b'));
  const taken = transport.object<PersistentVolume>(kinds.volumes, '', 'disk-n2')?.spec?.claimRef?.name ?? '';
  const other = taken === 'a' ? 'b' : 'a';
  assert.match(refused(other) ?? '', /2 node\(s\) didn't find available persistent volumes to bind/);
  await bind(taken, 'disk-n2');
  assert.equal(nodeOf(taken), 'n2');
  assert.equal(nodeOf(other), undefined);
});

test('a claim that vanishes meanwhile sends the pod back', async () => {
  await run(testNode('n1'), waitingClass('disk.example.com'), claimOf('a'), podWith('a'));
  transport.unseed(transport.object<PersistentVolumeClaim>(kinds.claims, 'default', 'a')!);
  await rest();
  await clock.advance(60_000);
  await rest();
  assert.equal(nodeOf('a'), undefined);
  assert.match(refused('a') ?? '', /persistentvolumeclaim "a" not found|is gone/);
});
