import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkWish } from './check-wish.ts';
import { UsageFailure } from './failure.ts';
import type { ClusterWish } from './plan-cluster.ts';

const good: ClusterWish = {
  name: 'x',
  isolated: true,
  nodes: 2,
  ipFamily: 'ipv4',
  nodeSubnets: ['172.30.0.0/24'],
  podSubnets: ['10.244.0.0/16'],
  serviceSubnets: ['10.96.0.0/16'],
};
const dual: ClusterWish = {
  ...good,
  ipFamily: 'dual',
  nodeSubnets: ['172.30.0.0/24', 'fd00:172:30::/64'],
  podSubnets: ['10.244.0.0/16', 'fd00:10:244::/56'],
  serviceSubnets: ['10.96.0.0/16', 'fd00:10:96::/112'],
};

const rows: [name: string, wish: ClusterWish, message: RegExp | undefined][] = [
  ['the default', good, undefined],
  ['dual', dual, undefined],
  ['one node in a /24', { ...good, nodes: 1, podSubnets: ['10.1.2.0/24'] }, undefined],
  ['two nodes in a /24', { ...good, podSubnets: ['10.1.2.0/24'] }, /2 nodes with a \/24 each do not fit/],
  ['two nodes in a /24 by /25', { ...good, podSubnets: ['10.1.2.0/24'], nodeMaskSizes: [25] }, undefined],
  ['pods in a /30', { ...good, podSubnets: ['10.1.0.0/30'] }, /10\.1\.0\.0\/30 for pods is too small/],
  ['no room for pods', { ...good, nodeMaskSizes: [31] }, /\/31 have no room/],
  ['one mask for two families', { ...dual, nodeMaskSizes: [25] }, /one number for each of IPv4, IPv6/],
  ['a mask a family', { ...dual, nodeMaskSizes: [25, 72] }, undefined],
  ['services in a /29', { ...good, serviceSubnets: ['10.1.0.0/29'] }, /services is too small: .* \/28/],
  ['nodes in a /25', { ...good, nodeSubnets: ['10.1.0.0/25'] }, /node network is too small: .* \/24/],
  ['DNS server', { ...good, dnsUpstreams: ['fd00::53', 'x'] }, /"x" is no address of a DNS server/],
  ['pool of words', { ...good, lbPool: ['x'] }, /"x" is no range/],
  ['pool upside down', { ...good, lbPool: ['172.30.0.9-172.30.0.8'] }, /is no range/],
  ['pool elsewhere', { ...good, lbPool: ['172.31.0.8/30'] }, /not in the subnet of the nodes/],
  ['pools', { ...dual, lbPool: ['172.30.0.8-172.30.0.9', 'fd00:172:30::f0/124'] }, undefined],
];

for (const [name, wish, message] of rows) {
  test(name, () => {
    if (!message) return checkWish(wish);
    assert.throws(
      () => checkWish(wish),
      (error: unknown) => error instanceof UsageFailure && message.test(error.message),
    );
  });
}
