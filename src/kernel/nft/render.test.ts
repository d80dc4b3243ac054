import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTable, renderCommands, renderRule, replaceTable } from './render.ts';
import type { Elements, Rule, TableLayout } from './ruleset.ts';

const layout: TableLayout = {
  family: 'ip',
  name: 'causeway-test',
  sets: [
    { name: 'services', key: ['ipv4_addr', 'inet_proto', 'inet_service'], data: ['verdict'] },
    { name: 'seen', key: ['ipv4_addr'], data: ['mark'], flags: ['dynamic', 'timeout'], size: 10 },
  ],
  chains: [
    {
      name: 'prerouting',
      hook: { type: 'nat', hook: 'prerouting', priority: -100 },
      rules: [{ statements: [{ lookup: ['ip daddr', 'meta l4proto', 'th dport'], verdicts: 'services' }] }],
    },
    { name: 'pick-2', rules: [{ statements: [{ setMark: { random: 2, offset: 16 } }], comment: 'draws' }] },
  ],
};

const elements: Elements = new Map([
  [
    'services',
    new Map([
      ['10.96.0.9 . tcp . 80', 'goto pick-2'],
      ['10.96.0.1 . tcp . 443', 'drop'],
    ]),
  ],
]);

test('a table is described as sorted text', () => {
  assert.equal(
    describeTable(layout, elements),
    `table ip causeway-test
  chain prerouting { type nat hook prerouting priority -100; policy accept; }
    ip daddr . meta l4proto . th dport vmap @services
  chain pick-2
    meta mark set numgen random mod 2 offset 16 comment "draws"
  map services
    10.96.0.1 . tcp . 443 : drop
    10.96.0.9 . tcp . 80 : goto pick-2
  map seen
`,
  );
});

test('a table is replaced in one transaction: chains, then sets that name them, then rules and elements', () => {
  assert.equal(
    renderCommands(replaceTable(layout, elements)),
    `add table ip causeway-test
delete table ip causeway-test
add table ip causeway-test
add chain ip causeway-test prerouting { type nat hook prerouting priority -100; policy accept; }
add chain ip causeway-test pick-2
add map ip causeway-test services { type ipv4_addr . inet_proto . inet_service : verdict; }
add map ip causeway-test seen { type ipv4_addr : mark; flags dynamic,timeout; size 10; }
add rule ip causeway-test prerouting ip daddr . meta l4proto . th dport vmap @services
add rule ip causeway-test pick-2 meta mark set numgen random mod 2 offset 16 comment "draws"
add element ip causeway-test services { 10.96.0.9 . tcp . 80 : goto pick-2, 10.96.0.1 . tcp . 443 : drop }
`,
  );
});

const ruleRows: [string, Rule['statements']][] = [
  [
    'ip saddr != 10.0.0.0/8 drop',
    [{ match: ['ip saddr'], not: true, value: '10.0.0.0/8' }, { verdict: 'drop' }],
  ],
  [
    'meta l4proto { tcp, udp } jump x',
    [
      { match: ['meta l4proto'], value: ['tcp', 'udp'] },
      { verdict: 'jump', chain: 'x' },
    ],
  ],
  ['meta mark & 0x4000 != 0x0 masquerade', [{ markBits: 0x4000, set: true }, { masquerade: true }]],
  ['dnat ip6 to ip6 daddr . meta mark map @m', [{ dnat: ['ip6 daddr', 'meta mark'], map: 'm' }]],
  [
    'update @seen { ip saddr timeout 60s : meta mark }',
    [{ update: 'seen', key: ['ip saddr'], data: 'meta mark', timeoutSeconds: 60 }],
  ],
  ['reject with tcp reset', [{ reject: 'tcp reset' }]],
  ['reject', [{ reject: 'port-unreachable' }]],
];

for (const [text, statements] of ruleRows) {
  test(`rule: ${text}`, () => assert.equal(renderRule({ statements }, 'ip'), text));
}
