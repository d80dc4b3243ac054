import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Node, Pod } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { PodGcController } from './pod-gc-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const node = (name: string, more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...more,
});
const pod = (name: string, nodeName?: string, phase = 'Running', more = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, ...more },
  spec: { nodeName, containers: [] },
  status: { phase },
});
const deleting = { deletionTimestamp: '2030-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
const names = () => cluster.list(resources.pods).map(({ metadata }) => metadata.name);
async function run(options = {}, ...objects: (Node | Pod)[]): Promise<void> {
  cluster = new TestCluster();
  for (const one of objects) cluster.seed(one);
  await cluster.run(new PodGcController(cluster.deps, options));
}

describe('pod garbage collection', () => {
  it('deletes the pods of a node that has been gone for a while', async () => {
    await run({}, node('a'), pod('stays', 'a'), pod('orphan', 'gone'));
    await cluster.clock.advance(59_000);
    assert.deepEqual(names(), ['orphan', 'stays']);
    await cluster.clock.advance(2000);
    assert.deepEqual(names(), ['stays']);
  });

  it('spares them when the node comes back in time', async () => {
    await run({}, pod('orphan', 'a'));
    await cluster.clock.advance(30_000);
    cluster.seed(node('a'));
    await cluster.clock.advance(120_000);
    assert.deepEqual(names(), ['orphan']);
  });

  it('keeps the newest of the finished pods', async () => {
    const at = (minute: number) => ({ creationTimestamp: `2030-01-01T00:0${minute}:00Z` });
    await run(
      { terminatedPodThreshold: 1 },
      node('a'),
      pod('old', 'a', 'Succeeded', at(1)),
      pod('new', 'a', 'Failed', at(2)),
      pod('running', 'a', 'Running', at(0)),
    );
    await cluster.clock.advance(20_000);
    assert.deepEqual(names(), ['new', 'running']);
  });

  it('ends what can end no other way', async () => {
    const dead = { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } };
    await run(
      {},
      node('a'),
      node('dead', dead),
      pod('unscheduled', undefined, 'Pending', deleting),
      pod('on-dead', 'dead', 'Running', deleting),
      pod('stopping', 'a', 'Running', deleting),
    );
    await cluster.clock.advance(20_000);
    assert.deepEqual(names(), ['stopping']);
  });
});
