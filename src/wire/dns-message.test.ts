import assert from 'node:assert/strict';
import { test } from 'node:test';
import packet from 'dns-packet';
import {
  addressBytes,
  type DnsRecord,
  dnsType,
  encodeMessage,
  headerFlag,
  readName,
  recordPositions,
  skipName,
  splitName,
} from './dns-message.ts';

const records: DnsRecord[] = [
  { name: 'a.example.com', ttl: 1, type: dnsType.A, address: Uint8Array.of(1, 2, 3, 4) },
  { name: 'a.example.com', ttl: 2, type: dnsType.AAAA, address: addressBytes('2001:db8::1')! },
  { name: 'b.example.com', ttl: 3, type: dnsType.CNAME, target: 'a.example.com' },
  { name: '4.3.2.1.in-addr.arpa', ttl: 4, type: dnsType.PTR, target: 'a.example.com' },
  {
    name: '_x._tcp.example.com',
    ttl: 5,
    type: dnsType.SRV,
    priority: 1,
    weight: 2,
    port: 3,
    target: 'a.example.com',
  },
  { name: 'v.example.com', ttl: 6, type: dnsType.TXT, text: '1.1.0' },
  { name: 'example.com', ttl: 7, type: dnsType.NS, target: 'ns.example.com' },
  {
    name: 'example.com',
    ttl: 8,
    type: dnsType.SOA,
    primary: 'ns.example.com',
    mailbox: 'root.example.com',
    serial: 4_000_000_000,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 5,
  },
];

test('another decoder reads what is written', () => {
  const message = encodeMessage({
    id: 5,
    flags: headerFlag.QR | headerFlag.AA | 3,
    question: { name: 'a.example.com', type: dnsType.A },
    answers: records,
    edns: { udpSize: 1232, flags: 0x8000 },
  });
  const { answers, questions, additionals } = packet.decode(message);
  assert.equal(message.readUInt16BE(2), 0x8403);
  assert.deepEqual(questions, [{ name: 'a.example.com', type: 'A', class: 'IN' }]);
  assert.deepEqual(
    answers?.map(answer => [answer.name, answer.type, 'ttl' in answer && answer.ttl]),
    records.map(({ name, type, ttl }) => [
      name,
      Object.entries(dnsType).find(([, n]) => n === type)?.[0],
      ttl,
    ]),
  );
  const data = answers?.map(answer => ('data' in answer ? answer.data : undefined));
  assert.deepEqual(data?.slice(0, 5), [
    '1.2.3.4',
    '2001:db8::1',
    'a.example.com',
    'a.example.com',
    { priority: 1, weight: 2, port: 3, target: 'a.example.com' },
  ]);
  assert.deepEqual(data?.[7], {
    mname: 'ns.example.com',
    rname: 'root.example.com',
    serial: 4_000_000_000,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 5,
  });
  assert.ok(additionals?.[0]?.type === 'OPT' && additionals[0].flag_do);
  const positions = recordPositions(message, skipName(message, 12) + 4);
  assert.deepEqual(
    positions?.map(({ start }) => readName(message, start)),
    [...records.map(({ name }) => name), ''],
  );
  // Names come once: the second is two bytes long.
  assert.ok(message.length < 330);
});

test('names with dots and backslashes in their labels read back', () => {
  for (const name of ['', 'a', 'a.b', 'a\\.b.c', 'a\\\\.b', `${'x'.repeat(63)}.y`]) {
    const message = encodeMessage({ flags: 0, question: { name, type: 1 } });
    assert.equal(readName(message, 12), name);
    assert.equal(skipName(message, 12, true), message.length - 4);
  }
  assert.deepEqual(splitName('a\\.b.c\\\\'), ['a.b', 'c\\']);
});

test('malformed names are told, circles too', () => {
  const rows: [string, number[]][] = [
    ['cut short', [3, 97, 98]],
    ['without an end', [1, 97]],
    ['pointer to itself', [0xc0, 12]],
    ['pointer forward', [0xc0, 40, 0]],
    ['half a pointer', [0xc0]],
    ['reserved label', [0x40, 0]],
  ];
  for (const [what, bytes] of rows) {
    const message = Buffer.concat([Buffer.alloc(12), Buffer.from(bytes)]);
    assert.equal(readName(message, 12), undefined, what);
  }
  const long = Buffer.concat([
    Buffer.alloc(12),
    ...Array.from({ length: 128 }, () => Buffer.of(1, 97)),
    Buffer.of(0),
  ]);
  assert.equal(skipName(long, 12), -1);
  assert.equal(readName(long, 12), undefined);
});

test('addresses', () => {
  const rows: [string, string | undefined][] = [
    ['1.2.3.4', '01020304'],
    ['1.2.3', undefined],
    ['1.2.3.256', undefined],
    ['01.2.3.4', undefined],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['fd00:96::21', `fd000096${'0'.repeat(20)}0021`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7', undefined],
    ['1::2::3', undefined],
    ['g::', undefined],
    ['1:2:3:4:5:6:7::8', undefined],
    ['', undefined],
  ];
  for (const [text, hex] of rows) {
    const bytes = addressBytes(text);
    assert.equal(bytes && Buffer.from(bytes).toString('hex'), hex, text);
  }
});
