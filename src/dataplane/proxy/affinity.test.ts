import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walk } from '../../kernel/nft/walker.ts';
import { rows } from './behaviour-rows.ts';
import { inFamily, world } from './behaviour-world.ts';
import { endpointIds } from './endpoint-ids.ts';
import { marks } from './marks.ts';
import { behaviourTable } from './testing/behaviour-table.ts';

const [sticky] = rows.filter(({ name }) => name === 'session affinity still answers');

test('endpoints have numbers of their own that do not depend on the others', () => {
  const endpoints = Array.from({ length: marks.maxEndpoints }, (_, n) => {
    return { address: `10.244.${n >> 8}.${n & 255}`, port: 8080, local: false };
  });
  const ids = endpointIds(endpoints);
  assert.equal(new Set(ids).size, endpoints.length);
  assert.ok(ids.every(id => id >= 1 && id <= marks.maxId));
  const few = endpoints.slice(0, 3);
  assert.deepEqual(endpointIds(few).slice(1), endpointIds(few.slice(1)));
});

for (const family of ['IPv4', 'IPv6'] as const) {
  /** Where a client goes that is remembered with the endpoint of pod b1. */
  const endOf = (pods: readonly ('a1' | 'b1')[], draw: number): string => {
    const here = inFamily(world, family);
    const before = behaviourTable(sticky!, 'node-a', ['node-a', 'node-b'], family);
    const known = [...before.elements.get('endpoint-by-id')!].find(([, target]) =>
      target.startsWith(here.pods.b1),
    );
    const id = known![0].split(' . ').at(-1)!;
    const row = { ...sticky!, endpoints: pods.map(pod => ({ pod })) };
    const { layout, elements } = behaviourTable(row, 'node-a', ['node-a', 'node-b'], family);
    const packet = {
      saddr: here.pods.a2,
      daddr: here.clusterIP,
      protocol: 'tcp',
      sport: 40_000,
      dport: 80,
    } as const;
    // The key the client has stands in the first step of the walk.
    const context = (held: typeof elements) => ({
      tables: [{ layout, elements: held }],
      isLocal: () => false,
      sourceFor: () => here.nodes['node-a'],
      random: (modulus: number) => draw % modulus,
    });
    const { steps } = walk(context(elements), { ...packet }, 'link');
    const key = steps
      .map(({ effect }) => /^remembers (.*)$/.exec(effect)?.[1])
      .find(found => found !== undefined)!;
    const remembered = new Map([...elements, ['affinity', new Map([[key, id]])]]);
    return walk(context(remembered), { ...packet }, 'link').packet.daddr;
  };
  const here = inFamily(world, family);

  test(`${family}: a client stays with its endpoint, whatever is drawn`, () => {
    for (const draw of [0, 1]) assert.equal(endOf(['a1', 'b1'], draw), here.pods.b1);
  });

  test(`${family}: an endpoint that left the Service is kept by no client`, () => {
    for (const draw of [0, 1]) assert.equal(endOf(['a1'], draw), here.pods.a1);
  });
}
