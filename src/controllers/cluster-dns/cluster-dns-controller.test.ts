import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { planSlice } from './cluster-dns-controller.ts';

const service = { metadata: { name: 'kube-dns', uid: 'u' } } as Stored<Service>;

function node(name: string, ...addresses: string[]): Stored<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1' },
    status: { addresses: addresses.map(address => ({ type: 'InternalIP', address })) },
  };
}

test('a slice lists the nodes of its family in the order of their names', () => {
  const nodes = [node('b', '172.30.0.3', 'fd00::3'), node('a', '172.30.0.2')];
  const endpoints = (family: 'IPv4' | 'IPv6') =>
    planSlice(service, 'kube-dns-x', family, nodes).endpoints!.map(endpoint => [
      endpoint.nodeName,
      endpoint.addresses,
    ]);
  assert.deepEqual(endpoints('IPv4'), [
    ['a', ['172.30.0.2']],
    ['b', ['172.30.0.3']],
  ]);
  assert.deepEqual(endpoints('IPv6'), [['b', ['fd00::3']]]);
});
