import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressAt,
  cidrContains,
  cidrsOverlap,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
} from './ip-address.ts';

const addresses: [text: string, canonical: string | undefined][] = [
  ['10.0.0.1', '10.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['0.0.0.0', '0.0.0.0'],
  ['10.0.0', undefined],
  ['10.0.0.256', undefined],
  ['10.0.0.01', undefined],
  ['::', '::'],
  ['::1', '::1'],
  ['fd00:0:0:1::', 'fd00:0:0:1::'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:DB8::A', '2001:db8::a'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
  ['::ffff:10.1.2.3', '::ffff:10.1.2.3'],
  ['1:2:3:4:5:6:7', undefined],
  ['1::2::3', undefined],
  ['1:2:3:4:5:6:7::8', undefined],
  [':1', undefined],
  ['fe80::1%eth0', undefined],
  ['', undefined],
];

for (const [text, canonical] of addresses) {
  test(`address ${JSON.stringify(text)} reads as ${canonical}`, () => {
    const parsed = parseAddress(text);
    assert.equal(parsed && formatAddress(parsed), canonical);
  });
}

test('subnets: host bits cut off, ends included, overlap by range', () => {
  const pods = parseCidr('10.244.3.7/16')!;
  assert.equal(formatCidr(pods), '10.244.0.0/16');
  assert.ok(cidrContains(pods, parseAddress('10.244.255.255')!));
  assert.ok(!cidrContains(pods, parseAddress('10.245.0.0')!));
  assert.ok(!cidrContains(pods, parseAddress('::10.244.0.1')!));
  assert.ok(cidrsOverlap(pods, parseCidr('10.0.0.0/8')!));
  assert.ok(!cidrsOverlap(pods, parseCidr('10.96.0.0/16')!));
  assert.equal(addressAt(parseCidr('172.30.0.0/24')!, 1), '172.30.0.1');
  assert.equal(addressAt(parseCidr('fd00::/126')!, 4), undefined);
  for (const bad of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/08', '/8']) {
    assert.equal(parseCidr(bad), undefined, bad);
  }
});
