import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walk } from '../../kernel/nft/walker.ts';
import { rows } from './behaviour-rows.ts';
import { inFamily, type NodeName, nodeOf, targetPort, world } from './behaviour-world.ts';
import { behaviourTable } from './testing/behaviour-table.ts';

const names = Object.keys(world.nodes) as NodeName[];

for (const family of ['IPv4', 'IPv6'] as const)
  for (const row of rows.map(each => inFamily(each, family))) {
    test(`walker, ${family}: ${row.name}`, () => {
      const here = inFamily(world, family);
      const node = row.at ?? nodeOf(row.from);
      const table = behaviourTable(row, node, names, family);
      const saddr = here.pods[row.from as 'a1'] ?? here.nodes[row.from as NodeName] ?? here.outside;
      const protocol = (row.protocol ?? 'TCP').toLowerCase() as 'tcp';
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
          { saddr, daddr: row.to.address, protocol, sport: 40_000, dport: row.to.port },
          row.from === node ? 'local' : 'link',
        );
        assert.equal(result.verdict, row.verdict ?? 'accept');
        if (row.verdict) continue;
        assert.equal(result.packet.dport, targetPort(row));
        assert.equal(result.packet.mark, 0, 'no mark is left on the packet');
        assert.equal(result.masqueraded, row.masqueraded ?? false);
        ends.add(result.packet.daddr);
      }
      assert.deepEqual([...ends].sort(), row.ends.map(pod => here.pods[pod]).sort());
    });
  }
