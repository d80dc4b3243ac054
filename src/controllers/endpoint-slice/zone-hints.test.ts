import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint, EndpointSlice } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { type PortGroup, planSlices, type SlicePlan } from '../slices/slice-plan.ts';
import { followsZones, withZoneHints } from './zone-hints.ts';
import { allocate, type ZoneShares } from './zone-shares.ts';

const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
let uids = 0;
const endpoint = (zone: string | undefined, ready = true): Endpoint => {
  const n = ++uids;
  return {
    addresses: [`10.244.${n >> 8}.${n & 255}`],
    conditions: { ready },
    targetRef: { kind: 'Pod', uid: `p${n}` },
    ...(zone !== undefined && { zone }),
  };
};
const endpoints = (zones: Record<string, number>) =>
  Object.entries(zones).flatMap(([zone, number]) => Array.from({ length: number }, () => endpoint(zone)));
const group = (all: Endpoint[]): PortGroup[] => [{ ports, endpoints: all }];
const shares = (parts: Record<string, number>): ZoneShares => new Map(Object.entries(parts));

/** The slices there are after a plan is carried out. */
function carryOut(plan: SlicePlan): Stored<EndpointSlice>[] {
  const created = plan.create.map(content => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${++uids}`, uid: `s${uids}`, resourceVersion: '1' },
    addressType: 'IPv4',
    ...content,
  }));
  return [...created, ...plan.update.map(({ slice, content }) => ({ ...slice, ...content })), ...plan.keep];
}
function plan(present: Stored<EndpointSlice>[], all: Endpoint[], parts: ZoneShares | undefined): SlicePlan {
  const found = withZoneHints(planSlices(present, group(all), { maxEndpoints: 5, keepHints: true }), parts);
  if (typeof found === 'string') throw new Error(found);
  return found;
}
const all = (slices: Stored<EndpointSlice>[]) => slices.flatMap(({ endpoints = [] }) => endpoints);
/** `a>b 1`: one endpoint of zone a is hinted for b. */
function hints(slices: Stored<EndpointSlice>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { zone, hints } of all(slices)) {
    const key = `${zone}>${hints?.forZones?.map(({ name }) => name).join() ?? ''}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
const halves = shares({ a: 0.5, b: 0.5 });

describe('zone hints', () => {
  it('are for the own zone where zones have their part', () => {
    assert.deepEqual(hints(carryOut(plan([], endpoints({ a: 3, b: 3 }), halves))), { 'a>a': 3, 'b>b': 3 });
  });
  it('lend endpoints to the zone that has too few', () => {
    assert.deepEqual(hints(carryOut(plan([], endpoints({ a: 4 }), halves))), { 'a>a': 2, 'a>b': 2 });
    const thirds = shares({ a: 0.5, b: 0.25, c: 0.25 });
    assert.deepEqual(hints(carryOut(plan([], endpoints({ a: 8 }), thirds))), {
      'a>a': 4,
      'a>b': 2,
      'a>c': 2,
    });
  });
  it('stay where one endpoint more does not overload a zone', () => {
    const before = carryOut(plan([], endpoints({ a: 5, b: 5 }), halves));
    const after = plan(before, [...all(before).map(({ hints: _, ...rest }) => rest), endpoint('a')], halves);
    assert.equal(after.update.length + after.create.length, 1);
    assert.deepEqual(hints(carryOut(after)), { 'a>a': 6, 'b>b': 5 });
  });
  it('are not given to endpoints that are not ready', () => {
    const made = plan([], [...endpoints({ a: 1, b: 1 }), endpoint('a', false)], halves);
    assert.deepEqual(hints(carryOut(made)), { 'a>a': 1, 'b>b': 1, 'a>': 1 });
  });
  it('follow the shares when these change', () => {
    const before = carryOut(plan([], endpoints({ a: 4, b: 4 }), halves));
    const bare = all(before).map(({ hints: _, ...rest }) => rest);
    const after = carryOut(plan(before, bare, shares({ a: 0.25, b: 0.75 })));
    assert.deepEqual(hints(after), { 'a>a': 2, 'a>b': 2, 'b>b': 4 });
  });
  it('of a zone whose nodes do not count are written once', () => {
    const made = carryOut(plan([], [...endpoints({ a: 3, b: 2 }), endpoint('c')], halves));
    const bare = all(made).map(({ hints: _, ...rest }) => rest);
    const again = plan(made, bare, halves);
    assert.deepEqual([again.create, again.update], [[], []]);
    assert.deepEqual(hints(carryOut(again)), { 'a>a': 3, 'b>b': 2, 'c>c': 1 });
  });
  it('are refused where a ready endpoint has no zone', () => {
    const want = planSlices([], group([...endpoints({ a: 2, b: 1 }), endpoint(undefined)]), {
      maxEndpoints: 5,
      keepHints: true,
    });
    assert.equal(withZoneHints(want, halves), 'One or more endpoints do not have a zone specified');
  });

  it('in whatever order endpoints come and go: one a ready endpoint, no zone two above its maximum, at rest when done', () => {
    let state = 7;
    const random = (n: number) => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return (state >> 8) % n;
    };
    let hinted = 0;
    for (let round = 0; round < 60; round++) {
      const parts = [1 + random(8), 1 + random(8), random(5)].filter(part => part > 0);
      const total = parts.reduce((a, b) => a + b, 0);
      const zones = parts.map((_, i) => `z${i}`);
      const share = new Map(parts.map((part, i) => [zones[i]!, part / total]));
      let slices: Stored<EndpointSlice>[] = [];
      let wanted: Endpoint[] = [];
      for (let step = 0; step < 8; step++) {
        wanted = wanted.filter(() => random(4) > 0);
        const more = Array.from({ length: random(9) }, () => endpoint(zones[random(zones.length)]));
        wanted = [...wanted, ...more];
        const allocations = allocate(share, wanted.length);
        if (typeof allocations === 'string') continue;
        slices = carryOut(plan(slices, wanted, share));
        const counts = new Map<string, number>();
        for (const { hints } of all(slices)) {
          assert.equal(hints?.forZones?.length, 1);
          const { name } = hints!.forZones![0]!;
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        assert.equal(all(slices).length, wanted.length);
        for (const [zone, { maximum }] of allocations) assert.ok((counts.get(zone) ?? 0) <= maximum + 1);
        const again = plan(slices, wanted, share);
        assert.deepEqual([again.create, again.update, again.delete], [[], [], []]);
        hinted++;
      }
    }
    assert.ok(hinted > 100, `${hinted} plans had hints`);
  });
});

describe('the annotation', () => {
  const follows = (annotations?: Record<string, string>) => followsZones({ metadata: { annotations } });
  it('is Auto or auto, under either name; the older name counts first', () => {
    const mode = 'service.kubernetes.io/topology-mode';
    const hints = 'service.kubernetes.io/topology-aware-hints';
    assert.deepEqual(
      [
        follows(),
        follows({ [mode]: 'Auto' }),
        follows({ [mode]: 'auto' }),
        follows({ [mode]: 'AUTO' }),
        follows({ [hints]: 'auto' }),
        follows({ [hints]: 'Disabled', [mode]: 'Auto' }),
      ],
      [false, true, true, false, true, false],
    );
  });
});
