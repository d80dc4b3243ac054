import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChange } from '../../kernel/ip/change.ts';
import type { Link } from '../../kernel/ip/ip-route.ts';
import {
  diffRoutes,
  type LocalNode,
  type PeerNode,
  planRoutes,
  type RouteMode,
  vxlanMac,
} from './node-routes.ts';

const link: Link = {
  index: 2,
  name: 'eth0',
  kind: 'veth',
  up: true,
  mtu: 1500,
  mac: '02:00:00:00:00:01',
  master: undefined,
  alias: undefined,
  group: 'default',
  addresses: ['172.30.0.11/24', 'fd00::11/64'],
};
const local: LocalNode = { name: 'n1', addresses: ['172.30.0.11', 'fd00::11'], link };
const self: PeerNode = { name: 'n1', addresses: ['172.30.0.11'], podCidrs: ['10.244.1.0/24'] };
const near: PeerNode = { name: 'n2', addresses: ['172.30.0.12'], podCidrs: ['10.244.2.0/24'] };
const far: PeerNode = { name: 'n3', addresses: ['172.30.1.13'], podCidrs: ['10.244.3.0/24'] };
const dual: PeerNode = {
  name: 'n4',
  addresses: ['172.30.0.14', 'fd00::14'],
  podCidrs: ['10.244.4.0/24', 'fd01:4::/64'],
};

const direct2 = 'route replace 10.244.2.0/24 via 172.30.0.12 dev eth0 src 172.30.0.11 protocol 202';
const direct3 = 'route replace 10.244.3.0/24 via 172.30.1.13 dev eth0 src 172.30.0.11 protocol 202';
const tunnel2 = 'route replace 10.244.2.0/24 via 10.244.2.0 dev cw-vxlan src 172.30.0.11 protocol 202 onlink';
const tunnel3 = 'route replace 10.244.3.0/24 via 10.244.3.0 dev cw-vxlan src 172.30.0.11 protocol 202 onlink';

const rows: [what: string, mode: RouteMode, peers: PeerNode[], routes: string[], tunnelled: string[]][] = [
  ['alone', 'auto', [self], [], []],
  ['same link', 'auto', [self, near], [direct2], []],
  ['another link', 'auto', [near, far], [direct2, tunnel3], ['172.30.1.13']],
  ['always direct', 'direct', [near, far], [direct2, direct3], []],
  ['always wrapped', 'vxlan', [near, far], [tunnel2, tunnel3], ['172.30.0.12', '172.30.1.13']],
  [
    'both families',
    'auto',
    [dual],
    [
      'route replace 10.244.4.0/24 via 172.30.0.14 dev eth0 src 172.30.0.11 protocol 202',
      'route replace fd01:4::/64 via fd00::14 dev eth0 src fd00::11 protocol 202',
    ],
    [],
  ],
  ["no address of the subnet's family", 'auto', [{ ...near, podCidrs: ['fd01:2::/64'] }], [], []],
];

for (const [what, mode, peers, routes, tunnelled] of rows) {
  test(`routes to nodes: ${what}`, () => {
    const plan = planRoutes(local, peers, mode);
    assert.deepEqual(
      plan.routes.map(route => renderChange({ op: 'route.replace', route })),
      routes,
    );
    assert.deepEqual(plan.vxlan?.forwarding.map(({ remote }) => remote) ?? [], tunnelled);
    if (plan.vxlan) assert.equal(plan.vxlan.mtu, 1450);
    // The plan does not depend on the order the nodes are listed in.
    assert.deepEqual(planRoutes(local, peers.toReversed(), mode), plan);
  });
}

test('both ends of a tunnel know the MAC of the other without telling', () => {
  const plan = planRoutes(local, [far], 'auto');
  assert.deepEqual(plan.vxlan?.neighbours, [
    { address: '10.244.3.0', mac: vxlanMac('n3'), link: 'cw-vxlan' },
  ]);
  assert.match(vxlanMac('n3'), /^0a:ca(:[0-9a-f]{2}){4}$/);
});

test('the difference of routes: only what differs, wrong ones first', () => {
  const wanted = planRoutes(local, [near, far], 'auto').routes;
  assert.deepEqual(diffRoutes(wanted, wanted), []);
  const stale = { ...wanted[0]!, destination: '10.244.9.0/24' };
  const moved = { ...wanted[0]!, via: '172.30.0.99' };
  assert.deepEqual(diffRoutes(wanted, [stale, moved, wanted[1]!]).map(renderChange), [
    'route delete 10.244.9.0/24 dev eth0',
    direct2,
  ]);
});
