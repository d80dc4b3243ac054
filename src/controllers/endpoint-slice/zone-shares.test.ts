import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/generated/types.ts';
import { allocate, zoneShares } from './zone-shares.ts';

const node = (zone: string | undefined, cpu: string, ready = true, labels = {}): Node => ({
  metadata: { labels: { ...(zone !== undefined && { 'topology.kubernetes.io/zone': zone }), ...labels } },
  status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
});
const shares = (...nodes: Node[]) => {
  const found = zoneShares(nodes);
  return found && Object.fromEntries(found);
};

describe('shares of zones', () => {
  it('are in proportion to allocatable processors', () => {
    assert.deepEqual(shares(node('b', '1500m'), node('a', '1'), node('b', '1500m')), { a: 0.25, b: 0.75 });
  });
  it('leave out nodes that are not ready and those of the control plane', () => {
    const control = { 'node-role.kubernetes.io/control-plane': '' };
    const master = { 'node-role.kubernetes.io/master': 'true' };
    assert.deepEqual(
      shares(
        node('a', '1'),
        node('b', '1'),
        node('a', '4', false),
        node('c', '4', true, control),
        node(undefined, '4', true, master),
      ),
      { a: 0.5, b: 0.5 },
    );
  });
  it('are not known while a node lacks a zone or processors, or all are in one zone', () => {
    assert.equal(shares(node('a', '1'), node('b', '1'), node(undefined, '1')), undefined);
    assert.equal(shares(node('a', '1'), node('b', '0')), undefined);
    assert.equal(shares(node('a', '1'), node('', '1')), undefined);
    assert.equal(shares(node('a', '1'), node('a', '1')), undefined);
    assert.equal(shares(node('a', '1'), node('b', '1', false)), undefined);
    assert.equal(shares(), undefined);
  });
});

describe('allocation of endpoints', () => {
  const of = (parts: number[], endpoints: number) => {
    const result = allocate(new Map(parts.map((part, i) => [`z${i}`, part])), endpoints);
    if (typeof result === 'string') return result;
    return [...result.values()].map(({ minimum, maximum, desired }) => `${minimum}-${maximum} ${desired}`);
  };
  it('leaves no endpoint more than a fifth above its part', () => {
    assert.deepEqual(of([0.5, 0.5], 2), ['1-1 1', '1-1 1']);
    assert.deepEqual(of([0.5, 0.5], 9), ['4-5 4.5', '4-5 4.5']);
    assert.deepEqual(of([0.25, 0.75], 8), ['2-3 2', '5-6 6']);
    assert.deepEqual(of([0.1, 0.9], 20), ['2-5 2', '15-18 18']);
  });
  it('says why it cannot be done', () => {
    const overload =
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold';
    assert.equal(of([0.5, 0.5], 1), 'Insufficient number of endpoints (1 endpoints, 2 zones)');
    assert.equal(of([0.5, 0.5], 3), `${overload} (3 endpoints, 2 zones)`);
    assert.equal(of([0.2, 0.3, 0.5], 5), `${overload} (5 endpoints, 3 zones)`);
    assert.equal(
      allocate(undefined, 9),
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    );
  });
});
