import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetSpec,
  Node,
  NodeSpec,
  Pod,
} from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { DaemonSetController } from './daemon-set-controller.ts';
import { nodeOfDaemon } from './daemon-set-plan.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const labels = { app: 'agent' };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } });
const node = (name: string, spec: NodeSpec = {}, nodeLabels = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: nodeLabels },
  spec,
});
async function run(nodes: Node[], spec: Partial<DaemonSetSpec> = {}): Promise<void> {
  cluster = new TestCluster();
  for (const one of nodes) cluster.seed(one);
  cluster.seed<DaemonSet>({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'default', name: 'agent' },
    spec: { selector: { matchLabels: labels }, template: template('v1'), ...spec },
  });
  await cluster.run(new DaemonSetController(cluster.deps));
}
const set = () => cluster.get<DaemonSet>(resources.daemonSets, 'default', 'agent')!;
const pods = () => cluster.list<Pod>(resources.pods, 'default');
const text = () =>
  pods()
    .map(
      pod =>
        `${nodeOfDaemon(pod)}:${pod.spec?.containers[0]?.image}${pod.metadata.deletionTimestamp ? '-' : ''}`,
    )
    .sort()
    .join(' ');
/** Daemons are pinned by affinity; the scheduler is played here. */
const play = async (starts: (pod: Pod) => boolean = () => true) => {
  for (const pod of pods()) {
    if (!pod.spec?.nodeName) cluster.seed({ ...pod, spec: { ...pod.spec!, nodeName: nodeOfDaemon(pod) } });
  }
  await cluster.playAgents(starts);
};
const settle = async () => {
  for (let round = 0; round < 10; round++) await play();
};
const edit = async (spec: Partial<DaemonSetSpec>) => {
  cluster.seed({ ...set(), spec: { ...set().spec!, ...spec } });
  await cluster.rest();
};

describe('daemon set controller', () => {
  it('writes the template into a revision as Go would, byte for byte', async () => {
    await run([node('a')]);
    const [revision] = cluster.list<ControllerRevision>(resources.controllerRevisions, 'default');
    const spec = '{"containers":[{"image":"v1","name":"c"}]}';
    const patched = `{"$patch":"replace","metadata":{"labels":{"app":"agent"}},"spec":${spec}}`;
    assert.equal(JSON.stringify(revision?.data), `{"spec":{"template":${patched}}}`);
  });

  it('replaces a pod that was taken from it, labels and owner at once', async () => {
    await run([node('a')]);
    await settle();
    const [pod] = pods();
    cluster.seed({ ...pod!, metadata: { ...pod!.metadata, labels: {}, ownerReferences: [] } });
    await cluster.rest();
    assert.equal(pods().length, 2);
  });

  it('puts a pod on every node, also on those that come, and counts them', async () => {
    await run([
      node('a'),
      node('b', {
        unschedulable: true,
        taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
      }),
    ]);
    assert.equal(text(), 'a:v1 b:v1');
    cluster.seed(node('c'));
    await cluster.rest();
    await settle();
    assert.equal(text(), 'a:v1 b:v1 c:v1');
    assert.deepEqual(set().status, {
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      numberAvailable: 3,
      numberUnavailable: 0,
      updatedNumberScheduled: 3,
      observedGeneration: 1,
    });
  });

  it('follows selectors and taints', async () => {
    const taints = [{ key: 'k', effect: 'NoSchedule' }];
    const spec = { containers: [], nodeSelector: { disk: 'ssd' } };
    await run([node('a', {}, { disk: 'ssd' }), node('b'), node('c', { taints }, { disk: 'ssd' })], {
      template: { metadata: { labels }, spec },
    });
    assert.equal(text(), 'a:undefined');
    cluster.seed(node('a'));
    await cluster.rest();
    await settle();
    assert.equal(text(), '');
  });

  it('updates a node at a time', async () => {
    await run([node('a'), node('b'), node('c')]);
    await settle();
    await edit({ template: template('v2') });
    assert.equal(pods().filter(({ metadata }) => metadata.deletionTimestamp).length, 1);
    await settle();
    assert.equal(text(), 'a:v2 b:v2 c:v2');
    assert.equal(cluster.list(resources.controllerRevisions).length, 2);
  });

  it('replaces what does not work first, and stops at a version that does not come up', async () => {
    await run([node('a'), node('b')]);
    await settle();
    await edit({ template: template('bad') });
    for (let round = 0; round < 5; round++) await play(pod => pod.spec?.containers[0]?.image !== 'bad');
    assert.equal(
      text()
        .split(' ')
        .filter(one => one.endsWith('bad')).length,
      1,
    );
    await edit({ template: template('v1') });
    await settle();
    assert.equal(text(), 'a:v1 b:v1');
  });

  it('brings the new one up beside the old one with surge', async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await run([node('a'), node('b')], { updateStrategy });
    await settle();
    await edit({ template: template('v2') });
    assert.equal(pods().length, 3);
    await settle();
    assert.equal(text(), 'a:v2 b:v2');
  });

  it('leaves updates to whoever deletes the pods', async () => {
    await run([node('a')], { updateStrategy: { type: 'OnDelete' } });
    await settle();
    await edit({ template: template('v2') });
    await settle();
    assert.equal(text(), 'a:v1');
    cluster.transport.unseed(pods()[0]!);
    await cluster.rest();
    assert.equal(text(), 'a:v2');
  });

  it('replaces failed pods, ever more slowly', async () => {
    await run([node('a')]);
    const fail = async () => {
      await play();
      const { name } = pods()[0]!.metadata;
      await cluster.change<Pod>(resources.pods, 'default', name, pod => ({
        ...pod,
        status: { phase: 'Failed' },
      }));
    };
    await fail();
    for (let round = 0; round < 3; round++) await play();
    const second = pods()[0]!.metadata.name;
    await fail();
    assert.equal(pods()[0]!.metadata.name, second);
    await cluster.clock.advance(3000);
    await settle();
    assert.notEqual(pods()[0]!.metadata.name, second);
    assert.match(
      cluster.recorder.events.join('\n'),
      /Warning FailedDaemonPod Found failed daemon pod default\/agent-\w+ on node a, will try to kill it/,
    );
  });
});
