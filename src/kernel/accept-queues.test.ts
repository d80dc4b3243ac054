import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitingIn } from './accept-queues.ts';

const heading =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const rest = '00:00000000 00000000     0        0 1670 1 0000000000000000 100 0 0 10 0';
const any6 = '00000000000000000000000000000000';

test('the accept queues of listening sockets are counted, the data of others is not', () => {
  const rows: [rows: string[], expected: number][] = [
    [[], 0],
    [[`   0: 00000000:0050 00000000:0000 0A 00000000:00000000 ${rest}`], 0],
    [[`   0: 00000000:0050 00000000:0000 0A 00000000:0000001F ${rest}`], 31],
    [[`1000: ${any6}:0050 ${any6}:0000 0A 00000000:00000002 ${rest}`], 2],
    [[`   0: 0500F40A:0050 0100F40A:C350 01 00000000:00000009 ${rest}`], 0],
    [
      [
        `   0: 00000000:0050 00000000:0000 0A 00000000:00000001 ${rest}`,
        `   1: 00000000:01BB 00000000:0000 0A 00000000:00000002 ${rest}`,
        `   2: 0500F40A:0050 0100F40A:C350 08 00000000:0000000A ${rest}`,
      ],
      3,
    ],
    [['   0: 00000000:0050 00000000:0000 0A 00000000:0000'], 0],
  ];
  for (const [table, expected] of rows) {
    assert.equal(waitingIn([heading, ...table].join('\n')), expected, table.join('\n'));
  }
});
