import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IpFamily } from '../../base/ip-address.ts';
import { type LiveTable, walk } from '../../kernel/nft/walker.ts';
import { compileService } from '../model/compile-service.ts';
import {
  type BehaviourRow,
  clusterSubnet,
  inFamily,
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
function tableOf(row: BehaviourRow, nodeName: 'node-a' | 'node-b', family: IpFamily): LiveTable {
  const model = compileService(inFamily(serviceOf(row), family), [inFamily(sliceOf(row), family)], {
    name: nodeName,
  })!;
  const numbers = new EndpointNumbers();
  const plan = planService(model, { idOf: endpoint => numbers.hold('web', endpoint) });
  const desired = new DesiredElements();
  const nodes = inFamily([nodeObject('node-a'), nodeObject('node-b')], family);
  const options = inFamily(
    { nodeName, podSubnets: [clusterSubnet], serviceSubnets: [serviceSubnet] },
    family,
  );
  desired.set('*node*', nodeElements(nodes, options));
  desired.set('default/web', plan.elements);
  return {
    layout: tableLayout(
      family,
      plan.picks.map(({ pick }) => pick),
    ),
    elements: desired.all(family),
  };
}

for (const family of ['IPv4', 'IPv6'] as const)
  for (const row of rows.map(each => inFamily(each, family))) {
    test(`walker, ${family}: ${row.name}`, () => {
      const here = inFamily(world, family);
      const node = row.at ?? nodeOf(row.from);
      const table = tableOf(row, node, family);
      const onNode = row.from === 'node-a' || row.from === 'node-b';
      const saddr =
        row.from === 'outside' ? here.outside : onNode ? here.nodes[node] : here.pods[row.from as 'a1'];
      const ends = new Set<string>();
      // Every number the kernel could draw.
      for (let draw = 0; draw < Math.max(row.endpoints.length, 1); draw++) {
        const result = walk(
          {
            tables: [table],
            isLocal: address => address === here.nodes[node],
            sourceFor: () => here.nodes[node],
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
      assert.deepEqual([...ends].sort(), row.ends.map(pod => here.pods[pod]).sort());
    });
  }
