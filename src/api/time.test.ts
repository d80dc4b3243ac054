import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatMicroTime, formatTime, parseTime, timeOf, timeParseError } from './time.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5);

const parsed: [text: string, milliseconds: number | undefined][] = [
  ['2026-01-02T03:04:05Z', at],
  ['2026-01-02T05:04:05+02:00', at],
  ['2026-01-01T22:34:05-04:30', at],
  ['2026-01-02T03:04:05.678Z', at + 678],
  ['2026-01-02T03:04:05.678901Z', at + 678.901],
  ['2026-01-02T03:04:05.678901234Z', at + 678.901],
  ['2026-01-02', undefined],
  ['2026-02-30T03:04:05Z', undefined],
  ['2026-01-02T24:04:05Z', undefined],
  ['2026-01-02 03:04:05Z', undefined],
  ['', undefined],
];
for (const [text, milliseconds] of parsed) {
  test(`time ${JSON.stringify(text)} is ${milliseconds}`, () => assert.equal(parseTime(text), milliseconds));
}

test('times are written in UTC, in seconds and in microseconds', () => {
  assert.equal(formatTime(at + 999), '2026-01-02T03:04:05Z');
  assert.equal(formatMicroTime(at + 678.901), '2026-01-02T03:04:05.678901Z');
  assert.equal(formatMicroTime(at), '2026-01-02T03:04:05.000000Z');
  assert.equal(timeOf(undefined), 0);
});

const complaints: [text: string, complaint: string][] = [
  ['foo', 'parsing time "foo" as "2006-01-02T15:04:05Z07:00": cannot parse "foo" as "2006"'],
  ['2026-01-02', 'parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ['2026-13-02T03:04:05Z', 'parsing time "2026-13-02T03:04:05Z": month out of range'],
  ['2026-02-30T03:04:05Z', 'parsing time "2026-02-30T03:04:05Z": day out of range'],
  ['2026-02-03T03:04:05Zx', 'parsing time "2026-02-03T03:04:05Zx": extra text: "x"'],
];
for (const [text, complaint] of complaints) {
  test(`time ${text} is refused in Go's words`, () => assert.equal(timeParseError(text), complaint));
}

test('durations read as in Go', () => {
  const rows: [number, string][] = [
    [0, '0s'],
    [350.4, '350ms'],
    [1234, '1.234s'],
    [62_500, '1m2.5s'],
    [160_000, '2m40s'],
    [300_000, '5m0s'],
    [3_600_000, '1h0m0s'],
  ];
  for (const [ms, text] of rows) assert.equal(formatDuration(ms), text);
});
