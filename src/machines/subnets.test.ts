import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSubnets, SubnetConflict, type SubnetRequest } from './subnets.ts';

const v4 = { families: ['IPv4'] } as const;

const rows: [
  what: string,
  request: SubnetRequest,
  taken: string[],
  chosen: [string, string, string, string],
][] = [
  ['an empty machine', v4, [], ['172.30.0.0/24', '172.30.0.1', '10.244.0.0/16', '10.96.0.0/16']],
  [
    'a default route takes nothing',
    v4,
    ['default', '0.0.0.0/0'],
    ['172.30.0.0/24', '172.30.0.1', '10.244.0.0/16', '10.96.0.0/16'],
  ],
  [
    'beside another cluster',
    v4,
    ['172.30.0.0/24', '10.244.0.0/16', '10.96.0.0/16'],
    ['172.30.1.0/24', '172.30.1.1', '10.245.0.0/16', '10.97.0.0/16'],
  ],
  [
    'a quarter of 10/8 routed elsewhere',
    v4,
    ['10.192.0.0/10', '172.30.0.128/25'],
    ['172.30.1.0/24', '172.30.1.1', '10.191.0.0/16', '10.96.0.0/16'],
  ],
  [
    'the user chose the pods where services would be',
    { ...v4, podSubnets: ['10.96.0.0/15'] },
    [],
    ['172.30.0.0/24', '172.30.0.1', '10.96.0.0/15', '10.98.0.0/16'],
  ],
  [
    'IPv6 alone',
    { families: ['IPv6'] },
    ['fd00:172:30::/48'],
    ['fd00:172:31::/64', 'fd00:172:31::1', 'fd00:10:244::/56', 'fd00:10:96::/112'],
  ],
];

for (const [what, request, taken, [node, gateway, pods, services]] of rows) {
  test(`subnets: ${what}`, () => {
    assert.deepEqual(chooseSubnets(request, taken), {
      nodeSubnets: [node],
      gateways: [gateway],
      podSubnets: [pods],
      serviceSubnets: [services],
    });
  });
}

test('dual-stack: one of each family in the order asked for', () => {
  const chosen = chooseSubnets({ families: ['IPv6', 'IPv4'], podSubnets: ['10.50.0.0/16'] }, []);
  assert.deepEqual(chosen.podSubnets, ['fd00:10:244::/56', '10.50.0.0/16']);
  assert.deepEqual(chosen.gateways, ['fd00:172:30::1', '172.30.0.1']);
});

const conflicts: [what: string, request: SubnetRequest, taken: string[], message: RegExp][] = [
  [
    'in use',
    { ...v4, podSubnets: ['10.1.0.0/16'] },
    ['10.0.0.0/8'],
    /10\.1\.0\.0\/16 for pods overlaps 10\.0\.0\.0\/8/,
  ],
  [
    'each other',
    { ...v4, podSubnets: ['10.1.0.0/16'], serviceSubnets: ['10.1.2.0/24'] },
    [],
    /overlaps 10\.1\.0\.0\/16 \(pods\)/,
  ],
  ['malformed', { ...v4, nodeSubnets: ['172.30.0.0'] }, [], /"172\.30\.0\.0" for node network is no subnet/],
  ['nothing free', v4, ['172.16.0.0/12'], /no free IPv4 subnet for node network/],
];

for (const [what, request, taken, message] of conflicts) {
  test(`subnets refused: ${what}`, () => {
    assert.throws(
      () => chooseSubnets(request, taken),
      (error: Error) => error instanceof SubnetConflict && message.test(error.message),
    );
  });
}
