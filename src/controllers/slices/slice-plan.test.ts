import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint, EndpointSlice } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { type PortGroup, planSlices, type SlicePlan } from './slice-plan.ts';

const http = [{ name: 'http', port: 80, protocol: 'TCP' }];
const alt = [{ name: 'http', port: 8080, protocol: 'TCP' }];
const endpoint = (n: number, ready = true): Endpoint => ({
  addresses: [`10.0.0.${n}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', uid: `p${n}` },
});
const group = (ports: PortGroup['ports'], ...numbers: number[]): PortGroup => ({
  ports,
  endpoints: numbers.map(n => endpoint(n)),
});
const slice = (name: string, ports: PortGroup['ports'], ...numbers: number[]): Stored<EndpointSlice> => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, uid: name, resourceVersion: '1' },
  addressType: 'IPv4',
  ports,
  endpoints: numbers.map(n => endpoint(n)),
});
const numbers = (endpoints: Endpoint[]) =>
  endpoints.map(({ addresses }) => addresses[0]!.split('.')[3]).join();
const text = (plan: SlicePlan) =>
  [
    ...plan.create.map(({ ports, endpoints }) => `+${ports[0]?.port ?? ''}:${numbers(endpoints)}`),
    ...plan.update.map(({ slice, content }) => `${slice.metadata.name}=${numbers(content.endpoints)}`),
    ...plan.delete.map(({ metadata }) => `-${metadata.name}`),
  ].join(' ');

const rows: [string, Stored<EndpointSlice>[], PortGroup[], string][] = [
  ['nothing yet: an empty slice', [], [], '+:'],
  ['an empty slice stays', [slice('a', [])], [], ''],
  ['the first endpoints take the empty slice', [slice('a', [])], [group(http, 1, 2)], 'a=1,2'],
  ['in slices of at most three', [], [group(http, 1, 2, 3, 4)], '+80:1,2,3 +80:4'],
  ['unchanged: no write', [slice('a', http, 1, 2)], [group(http, 2, 1)], ''],
  ['one goes, one comes: one write', [slice('a', http, 1, 2, 3)], [group(http, 1, 3, 4)], 'a=1,3,4'],
  [
    'a new one goes where there is room',
    [slice('a', http, 1, 2, 3), slice('b', http, 4)],
    [group(http, 1, 2, 3, 4, 5)],
    'b=4,5',
  ],
  [
    'a changed slice is filled first',
    [slice('a', http, 1, 2, 3), slice('b', http, 4)],
    [group(http, 1, 2, 4, 5)],
    'a=1,2,5',
  ],
  ['an emptied slice goes', [slice('a', http, 1), slice('b', http, 2)], [group(http, 1)], '-b'],
  ['the last one is kept, empty', [slice('a', http, 1), slice('b', http, 2)], [], 'a= -b'],
  ['other ports, other slice', [slice('a', http, 1)], [group(http, 1), group(alt, 2)], '+8080:2'],
  ['a slice of ports nobody has is used again', [slice('a', http, 1)], [group(alt, 1)], 'a=1'],
];

describe('slice plan', () => {
  for (const [name, existing, groups, want] of rows) {
    it(name, () => assert.equal(text(planSlices(existing, groups, { maxEndpoints: 3 })), want));
  }

  it('updates an endpoint in place', () => {
    const plan = planSlices(
      [slice('a', http, 1, 2)],
      [{ ports: http, endpoints: [endpoint(1, false), endpoint(2)] }],
      { maxEndpoints: 3 },
    );
    assert.equal(text(plan), 'a=1,2');
    assert.equal(plan.update[0]?.content.endpoints[0]?.conditions?.ready, false);
  });

  it('takes hints away, or keeps them where it is told to', () => {
    const present = slice('a', http, 1);
    present.endpoints![0]!.hints = { forZones: [{ name: 'z' }] };
    assert.equal(text(planSlices([present], [group(http, 1)], { maxEndpoints: 3 })), 'a=1');
    assert.equal(text(planSlices([present], [group(http, 1)], { maxEndpoints: 3, keepHints: true })), '');
  });
});
