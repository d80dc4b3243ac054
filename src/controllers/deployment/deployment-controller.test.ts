import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Deployment, DeploymentSpec, Pod, ReplicaSet } from '../../api/generated/types.ts';
import { ReplicaSetController } from '../replica-set/replica-set-controller.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { DeploymentController } from './deployment-controller.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = new TestCluster();
  await cluster.run(new DeploymentController(cluster.deps), new ReplicaSetController(cluster.deps));
});
afterEach(() => cluster.stop());

const labels = { app: 'web' };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } });
const make = async (spec: Partial<DeploymentSpec> = {}, image = 'nginx:1') => {
  cluster.seed<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'web', annotations: { team: 'blue' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      progressDeadlineSeconds: 600,
      template: template(image),
      ...spec,
    },
  });
  await cluster.rest();
};
const edit = async (spec: Partial<DeploymentSpec>) => {
  cluster.seed({ ...deployment(), spec: { ...deployment().spec!, ...spec } });
  await cluster.rest();
};
const deployment = () => cluster.get<Deployment>(resources.deployments, 'default', 'web')!;
const sets = () => cluster.list<ReplicaSet>(resources.replicaSets, 'default');
const pods = () => cluster.list<Pod>(resources.pods, 'default');
const images = () =>
  pods()
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ spec }) => spec?.containers[0]?.image)
    .sort()
    .join(' ');
const condition = (type: string) => {
  const found = deployment().status?.conditions?.find(one => one.type === type);
  return found && `${found.status} ${found.reason}: ${found.message}`;
};
const settle = async () => {
  for (let round = 0; round < 12; round++) await cluster.playAgents();
};

describe('deployment controller', () => {
  it('makes a replica set of the template and says when it is there', async () => {
    await make();
    const [set] = sets();
    const hash = set!.metadata.labels?.['pod-template-hash'];
    assert.equal(set!.metadata.name, `web-${hash}`);
    assert.deepEqual(set!.spec?.selector.matchLabels, { ...labels, 'pod-template-hash': hash });
    assert.deepEqual(set!.metadata.annotations, {
      team: 'blue',
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    assert.equal(
      condition('Available'),
      'False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
    );
    assert.match(condition('Progressing')!, /^True (NewReplicaSetCreated|ReplicaSetUpdated): /);
    await settle();
    const { conditions: _, ...counts } = deployment().status!;
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 0,
      terminatingReplicas: 0,
    });
    assert.equal(
      condition('Available'),
      'True MinimumReplicasAvailable: Deployment has minimum availability.',
    );
    assert.equal(
      condition('Progressing'),
      `True NewReplicaSetAvailable: ReplicaSet "web-${hash}" has successfully progressed.`,
    );
    assert.equal(deployment().metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    assert.equal(
      cluster.recorder.events[0],
      `Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`,
    );
  });

  it('rolls over without falling below what must be available', async () => {
    await make({ replicas: 4 });
    await settle();
    await edit({ template: template('nginx:2') });
    for (let round = 0; round < 12; round++) {
      const ready = pods().filter(
        ({ status, metadata }) => status?.phase === 'Running' && !metadata.deletionTimestamp,
      );
      const active = pods().filter(({ metadata }) => !metadata.deletionTimestamp);
      assert.ok(ready.length >= 3, `${ready.length} ready pods`);
      assert.ok(active.length <= 5, `${active.length} pods`);
      let started = 0;
      await cluster.playAgents(() => ++started === 1);
    }
    assert.equal(images(), 'nginx:2 nginx:2 nginx:2 nginx:2');
    assert.equal(deployment().metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
    assert.deepEqual(
      sets()
        .map(({ spec }) => spec?.replicas)
        .sort(),
      [0, 4],
    );
  });

  it('comes back to an earlier template with a new revision of the same set', async () => {
    await make();
    await settle();
    const [first] = sets();
    await edit({ template: template('nginx:2') });
    await settle();
    await edit({ template: template('nginx:1') });
    await settle();
    assert.equal(sets().length, 2);
    const back = cluster.get<ReplicaSet>(resources.replicaSets, 'default', first!.metadata.name);
    assert.equal(back?.spec?.replicas, 3);
    assert.equal(back?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
    assert.equal(back?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
  });

  it('keeps as many revisions as it is told', async () => {
    await make({ revisionHistoryLimit: 1 });
    for (const version of [2, 3, 4]) {
      await settle();
      await edit({ template: template(`nginx:${version}`) });
    }
    await settle();
    assert.deepEqual(
      sets()
        .map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'])
        .sort(),
      ['3', '4'],
    );
  });

  it('recreates: no new pod before the last old one is gone', async () => {
    await make({ strategy: { type: 'Recreate' } });
    await settle();
    await edit({ template: template('nginx:2') });
    assert.equal(images(), '');
    await settle();
    assert.equal(images(), 'nginx:2 nginx:2 nginx:2');
  });

  it('does nothing while it is paused, save scaling', async () => {
    await make();
    await settle();
    await edit({ paused: true, template: template('nginx:2') });
    assert.equal(condition('Progressing'), 'Unknown DeploymentPaused: Deployment is paused');
    await edit({ replicas: 5 });
    await settle();
    assert.equal(images(), 'nginx:1 nginx:1 nginx:1 nginx:1 nginx:1');
    await edit({ paused: false });
    await settle();
    assert.equal(images(), 'nginx:2 nginx:2 nginx:2 nginx:2 nginx:2');
  });

  it('gives up waiting at the deadline, and recovers', async () => {
    await make({ progressDeadlineSeconds: 10 });
    const [set] = sets();
    await cluster.clock.advance(13_000);
    assert.equal(
      condition('Progressing'),
      `False ProgressDeadlineExceeded: ReplicaSet "${set!.metadata.name}" has timed out progressing.`,
    );
    await settle();
    assert.match(condition('Progressing')!, /^True NewReplicaSetAvailable/);
  });

  it('rolls over while a rollout is under way', async () => {
    await make();
    await settle();
    await edit({ template: template('broken') });
    await cluster.playAgents(pod => pod.spec?.containers[0]?.image !== 'broken');
    await edit({ template: template('nginx:3') });
    for (let round = 0; round < 12; round++) {
      await cluster.playAgents(pod => pod.spec?.containers[0]?.image !== 'broken');
    }
    assert.equal(images(), 'nginx:3 nginx:3 nginx:3');
  });

  it('spreads a change of size in the middle of a rollout over all sets', async () => {
    await make({
      replicas: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    });
    await settle();
    await edit({ template: template('nginx:404') });
    const sizes = () =>
      sets()
        .map(({ spec }) => spec?.replicas)
        .sort();
    assert.deepEqual(sizes(), [5, 8]);
    await edit({ replicas: 30 });
    assert.deepEqual(sizes(), [13, 20]);
  });

  it('counts on from a revision beyond what a double holds', async () => {
    const revision = 'deployment.kubernetes.io/revision';
    const matching = { ...labels, old: 'yes' };
    cluster.seed<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        namespace: 'default',
        name: 'old',
        labels,
        annotations: { [revision]: '3546343826724305832' },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: matching },
        template: { ...template('nginx:0'), metadata: { labels: matching } },
      },
    });
    await make();
    assert.equal(deployment().metadata.annotations?.[revision], '3546343826724305833');
  });

  it('takes another name where the hash collides', async () => {
    await make();
    const [set] = sets();
    await cluster.stop();
    cluster = new TestCluster();
    const { metadata, spec } = set!;
    cluster.seed({
      ...set!,
      metadata: { namespace: 'default', name: metadata.name },
      spec: { ...spec!, template: { ...spec!.template, spec: { containers: [{ name: 'other' }] } } },
    });
    await cluster.run(new DeploymentController(cluster.deps), new ReplicaSetController(cluster.deps));
    await make();
    await cluster.clock.advance(1000);
    await settle();
    assert.equal(deployment().status?.collisionCount, 1);
    assert.equal(deployment().status?.availableReplicas, 3);
  });

  it('scales up, down and to nothing', async () => {
    await make();
    await settle();
    await edit({ replicas: 1 });
    await settle();
    assert.equal(pods().length, 1);
    await edit({ replicas: 0 });
    await settle();
    assert.equal(pods().length, 0);
    assert.deepEqual(
      cluster.recorder.events
        .filter(text => text.includes('Scaled'))
        .map(text => text.replace(/web-\w+/, 'web-X')),
      [
        'Normal ScalingReplicaSet Scaled up replica set web-X from 0 to 3',
        'Normal ScalingReplicaSet Scaled down replica set web-X from 3 to 1',
        'Normal ScalingReplicaSet Scaled down replica set web-X from 1 to 0',
      ],
    );
  });
});
