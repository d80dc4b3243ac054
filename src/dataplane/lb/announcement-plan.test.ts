import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { announcingNode, balancerAddresses } from './announcement-plan.ts';

function balancer(name: string, ip: string | undefined, spec: Service['spec'] = {}): Stored<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name, uid: name, resourceVersion: '1' },
    spec: { type: 'LoadBalancer', ...spec },
    status: { loadBalancer: { ingress: ip ? [{ ip }] : [] } },
  };
}

const speakers = ['n1', 'n2', 'n3'].map(name => ({ name, alive: true }));
const everywhere = () => true;

test('addresses come from the status, shared ones once', () => {
  const found = balancerAddresses([
    balancer('a', '172.30.0.201'),
    balancer('b', '172.30.0.200'),
    balancer('c', '172.30.0.201'),
    balancer('pending', undefined),
    balancer('no-balancer', '172.30.0.202', { type: 'ClusterIP' }),
  ]);
  assert.deepEqual(
    found.map(({ address, services }) => [address, services.map(service => service.metadata.name)]),
    [
      ['172.30.0.200', ['b']],
      ['172.30.0.201', ['a', 'c']],
    ],
  );
});

test('when a node goes, only its addresses move', () => {
  const addresses = Array.from({ length: 60 }, (_, index) => ({
    address: `172.30.0.${index + 100}`,
    services: [balancer(`s${index}`, `172.30.0.${index + 100}`)],
  }));
  const before = addresses.map(address => announcingNode(address, speakers, everywhere));
  assert.equal(new Set(before).size, 3, 'every node has some');
  const left = speakers.map(speaker => ({ ...speaker, alive: speaker.name !== 'n2' }));
  for (const [index, address] of addresses.entries()) {
    const after = announcingNode(address, left, everywhere);
    if (before[index] === 'n2') assert.notEqual(after, 'n2');
    else assert.equal(after, before[index]);
  }
});

test('with policy Local only a node with an endpoint answers', () => {
  const service = balancer('a', '172.30.0.200', { externalTrafficPolicy: 'Local' });
  const address = { address: '172.30.0.200', services: [service] };
  assert.equal(
    announcingNode(address, speakers, (_, node) => node === 'n3'),
    'n3',
  );
});

test('nobody answers when nobody is alive', () => {
  const dead = speakers.map(speaker => ({ ...speaker, alive: false }));
  const address = { address: '172.30.0.200', services: [balancer('a', '172.30.0.200')] };
  assert.equal(announcingNode(address, dead, everywhere), undefined);
});
