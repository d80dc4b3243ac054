import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from '../../base/ip-address.ts';
import { AddressBook, AddressesExhausted, type Attachment, gatewayOf } from './address-book.ts';

function wanted(containerId: string): Omit<Attachment, 'addresses'> {
  return {
    containerId,
    ifname: 'eth0',
    netns: '/n',
    pod: { namespace: 'd', name: containerId },
    portMappings: [],
  };
}

function book(...cidrs: string[]): AddressBook {
  const result = new AddressBook();
  result.setCidrs(cidrs);
  return result;
}

test('addresses are given in order, past the network, the gateway and the broadcast address', () => {
  const addresses = book('10.244.4.0/29');
  const given = ['a', 'b', 'c', 'd', 'e'].map(id => addresses.give(wanted(id)).addresses[0]);
  assert.deepEqual(given, ['10.244.4.2', '10.244.4.3', '10.244.4.4', '10.244.4.5', '10.244.4.6']);
  assert.throws(() => addresses.give(wanted('f')), new AddressesExhausted('10.244.4.0/29'));
  assert.equal(gatewayOf(parseCidr('10.244.4.0/29')!), '10.244.4.1');
});

test('the address that has been free the longest comes first, after those never given', () => {
  const addresses = book('10.244.4.0/29');
  for (const id of ['a', 'b', 'c']) addresses.give(wanted(id));
  addresses.free('b/eth0');
  addresses.free('a/eth0');
  const next = ['d', 'e', 'f', 'g'].map(id => addresses.give(wanted(id)).addresses[0]);
  assert.deepEqual(next, ['10.244.4.5', '10.244.4.6', '10.244.4.3', '10.244.4.2']);
});

test('both families or none: an exhausted one takes nothing of the other', () => {
  const addresses = book('10.244.4.0/24', 'fd00::/126');
  assert.deepEqual(addresses.give(wanted('a')).addresses, ['10.244.4.2', 'fd00::2']);
  assert.deepEqual(addresses.give(wanted('b')).addresses, ['10.244.4.3', 'fd00::3']);
  assert.throws(() => addresses.give(wanted('c')), /no addresses left in fd00::\/126/);
  addresses.free('a/eth0');
  assert.deepEqual(addresses.give(wanted('c')).addresses, ['10.244.4.4', 'fd00::2']);
});

test('another podCIDR: what was given stays given, freed addresses of the old one are forgotten', () => {
  const addresses = book('10.244.4.0/24');
  addresses.give(wanted('a'));
  addresses.setCidrs(['10.244.9.0/24']);
  assert.deepEqual(addresses.give(wanted('b')).addresses, ['10.244.9.2']);
  assert.deepEqual(addresses.free('a/eth0')?.addresses, ['10.244.4.2']);
  assert.deepEqual(addresses.freed(), []);
});

test('random gives and frees: never one address twice, and all of the subnet is used', () => {
  const addresses = book('10.244.4.0/27');
  const held = new Map<string, string>();
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return (seed >>> 8) % below;
  };
  let fullest = 0;
  for (let step = 0; step < 5000; step++) {
    const id = `c${random(60)}`;
    if (held.has(id)) {
      addresses.free(`${id}/eth0`);
      held.delete(id);
    } else if (held.size < 29) {
      const [address] = addresses.give(wanted(id)).addresses;
      assert.ok(![...held.values()].includes(address!), `${address} twice`);
      held.set(id, address!);
    } else {
      assert.throws(() => addresses.give(wanted(id)), AddressesExhausted);
    }
    fullest = Math.max(fullest, held.size);
  }
  assert.equal(fullest, 29);
});
