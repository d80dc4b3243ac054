import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LiveTable, walk } from '../../kernel/nft/walker.ts';
import { compileService } from '../model/compile-service.ts';
import {
  type BehaviourRow,
  clusterSubnet,
  nodeObject,
  nodeOf,
  rows,
  serviceOf,
  serviceSubnet,
  sliceOf,
  world,
} from './behaviour-rows.ts';
import { DesiredElements } from './desired-elements.ts';
import { EndpointNumbers } from './endpoint-numbers.ts';
import { tableLayout } from './layout.ts';
import { nodeElements } from './node-elements.ts';
import { planService } from './plan.ts';

/** The table of a node with the row's Service. */
function tableOf(row: BehaviourRow, nodeName: 'node-a' | 'node-b'): LiveTable {
  const model = compileService(serviceOf(row), [sliceOf(row)], { name: nodeName })!;
  const numbers = new EndpointNumbers();
  const plan = planService(model, { idOf: endpoint => numbers.hold('web', endpoint) });
  const desired = new DesiredElements();
  const nodes = [nodeObject('node-a'), nodeObject('node-b')];
  const options = { nodeName, podSubnets: [clusterSubnet], serviceSubnets: [serviceSubnet] };
  desired.set('*node*', nodeElements(nodes, options));
  desired.set('default/web', plan.elements);
  return {
    layout: tableLayout(
      'IPv4',
      plan.picks.map(({ pick }) => pick),
    ),
    elements: desired.all('IPv4'),
  };
}

for (const row of rows) {
  test(`walker: ${row.name}`, () => {
    const node = row.at ?? nodeOf(row.from);
    const table = tableOf(row, node);
    const onNode = row.from === 'node-a' || row.from === 'node-b';
    const saddr =
      row.from === 'outside' ? world.outside : onNode ? world.nodes[node] : world.pods[row.from as 'a1'];
    const ends = new Set<string>();
    // Every number the kernel could draw.
    for (let draw = 0; draw < Math.max(row.endpoints.length, 1); draw++) {
      const result = walk(
        {
          tables: [table],
          isLocal: address => address === world.nodes[node],
          sourceFor: () => world.nodes[node],
          random: modulus => draw % modulus,
        },
        { saddr, daddr: row.to.address, protocol: 'tcp', sport: 40_000, dport: row.to.port },
        onNode ? 'local' : 'link',
      );
      assert.equal(result.verdict, row.verdict ?? 'accept');
      if (row.verdict) continue;
      assert.equal(result.packet.dport, 8080);
      assert.equal(result.packet.mark, 0, 'no mark is left on the packet');
      assert.equal(result.masqueraded, row.masqueraded ?? false);
      ends.add(result.packet.daddr);
    }
    assert.deepEqual([...ends].sort(), row.ends.map(pod => world.pods[pod]).sort());
  });
}
