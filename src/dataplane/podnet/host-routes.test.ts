import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planHostRoutes, renderOutbound } from './host-routes.ts';

test('host routes: by the node address of the same family on the node network', () => {
  const peers = [
    {
      name: 'n1',
      addresses: ['10.9.9.9', '172.30.0.11', 'fd00::11'],
      podCidrs: ['10.244.0.0/24', 'fd01::/64'],
    },
    { name: 'n2', addresses: ['10.9.9.8'], podCidrs: ['10.244.1.0/24'] },
  ];
  assert.deepEqual(planHostRoutes(peers, 'cw-1', ['172.30.0.0/24', 'fd00::/64']), [
    { destination: '10.244.0.0/24', family: 'IPv4', via: '172.30.0.11', link: 'cw-1', protocol: 202 },
    { destination: 'fd01::/64', family: 'IPv6', via: 'fd00::11', link: 'cw-1', protocol: 202 },
  ]);
});

test('the way out: one rule a family that is there', () => {
  const text = renderOutbound({
    table: 'causeway-x',
    bridge: 'cw-1',
    inside: ['172.30.0.0/24', '10.244.0.0/16'],
  });
  assert.match(
    text,
    /ip saddr { 172.30.0.0\/24, 10.244.0.0\/16 } ip daddr != { 172.30.0.0\/24, 10.244.0.0\/16 } masquerade/,
  );
  assert.doesNotMatch(text, /ip6/);
});
