import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Node } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { NodeIpamController, type NodeIpamOptions } from './node-ipam-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const node = (name: string, ...podCIDRs: string[]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {},
});
const run = async (options: NodeIpamOptions, ...nodes: Node[]) => {
  cluster = new TestCluster();
  for (const one of nodes) cluster.seed(one);
  await cluster.run(new NodeIpamController(cluster.deps, options));
};
const subnets = () =>
  cluster
    .list<Node>(resources.nodes)
    .map(({ metadata, spec }) => `${metadata.name} ${spec?.podCIDRs?.join() ?? '-'}`);

describe('node ipam', () => {
  it('gives each node a subnet and leaves those that are taken', async () => {
    await run({ clusterCidrs: ['10.244.0.0/16'] }, node('a'), node('b', '10.244.0.0/24'), node('c'));
    assert.deepEqual(subnets(), ['a 10.244.1.0/24', 'b 10.244.0.0/24', 'c 10.244.2.0/24']);
    assert.equal(cluster.get<Node>(resources.nodes, '', 'a')?.spec?.podCIDR, '10.244.1.0/24');
  });

  it('gives one of each family', async () => {
    await run({ clusterCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'] }, node('a'), node('b'));
    assert.deepEqual(subnets(), ['a 10.244.0.0/24,fd00:10:244::/64', 'b 10.244.1.0/24,fd00:10:244:1::/64']);
  });

  it('tells when nothing is left, and gives what a deleted node had', async () => {
    await run({ clusterCidrs: ['10.244.0.0/23'] }, node('a'), node('b'), node('c'));
    assert.deepEqual(subnets(), ['a 10.244.0.0/24', 'b 10.244.1.0/24', 'c -']);
    assert.deepEqual(cluster.recorder.events, [
      'Normal CIDRNotAvailable Node c status is now: CIDRNotAvailable',
    ]);
    const condition = () => cluster.get<Node>(resources.nodes, '', 'c')?.status?.conditions?.[0];
    assert.equal(condition()?.status, 'True');
    assert.equal(condition()?.message, 'The node has no pod subnet: no /24 left in 10.244.0.0/23');
    cluster.transport.unseed(cluster.get(resources.nodes, '', 'a')!);
    await cluster.rest();
    assert.deepEqual(subnets(), ['b 10.244.1.0/24', 'c 10.244.0.0/24']);
    assert.equal(condition()?.status, 'False');
  });

  it('gives no subnet twice when a write fails', async () => {
    cluster = new TestCluster();
    cluster.transport.fail('PATCH', /nodes/, new Error('no answer'), 2);
    for (const name of ['a', 'b', 'c']) cluster.seed(node(name));
    await cluster.run(new NodeIpamController(cluster.deps, { clusterCidrs: ['10.244.0.0/16'] }));
    await cluster.clock.advance(1000);
    assert.deepEqual(subnets(), ['a 10.244.0.0/24', 'b 10.244.1.0/24', 'c 10.244.2.0/24']);
  });

  it('refuses ranges that are none', () => {
    assert.throws(
      () => new NodeIpamController(new TestCluster().deps, { clusterCidrs: ['10.244/16'] }),
      /10.244\/16/,
    );
  });
});
