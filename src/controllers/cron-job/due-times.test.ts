import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dueTimes } from './due-times.ts';

const rows: [string, string, string, string, string?][] = [
  ['every minute', '* * * * *', '2030-01-01T00:00:30Z', '2030-01-01T00:01:00Z'],
  ['exactly then: the one after', '* * * * *', '2030-01-01T00:01:00Z', '2030-01-01T00:02:00Z'],
  ['steps', '*/15 * * * *', '2030-01-01T00:16:00Z', '2030-01-01T00:30:00Z'],
  ['steps from a number', '5/20 * * * *', '2030-01-01T00:06:00Z', '2030-01-01T00:25:00Z'],
  ['lists and ranges', '0 9-10,12 * * *', '2030-01-01T10:30:00Z', '2030-01-01T12:00:00Z'],
  ['names', '0 0 * feb mon', '2030-01-01T00:00:00Z', '2030-02-04T00:00:00Z'],
  ['either day where both are given', '0 0 13 * 5', '2030-01-01T00:00:00Z', '2030-01-04T00:00:00Z'],
  ['a step of one names no days', '0 0 13 * */1', '2030-01-01T00:00:00Z', '2030-01-13T00:00:00Z'],
  ['a greater step does', '0 0 13 * */3', '2030-01-01T00:00:00Z', '2030-01-02T00:00:00Z'],
  ['a leap day', '0 0 29 2 *', '2030-01-01T00:00:00Z', '2032-02-29T00:00:00Z'],
  ['monthly', '@monthly', '2030-01-01T00:00:00Z', '2030-02-01T00:00:00Z'],
  ['every so often', '@every 90s', '2030-01-01T00:00:00Z', '2030-01-01T00:01:30Z'],
  ['a zone', '0 9 * * *', '2030-01-01T00:00:00Z', '2030-01-01T14:00:00Z', 'America/New_York'],
  ['a zone before it', 'TZ=Asia/Kolkata 0 9 * * *', '2030-01-01T00:00:00Z', '2030-01-01T03:30:00Z'],
  [
    'over the change of summer time',
    '30 2 * * *',
    '2030-03-30T12:00:00Z',
    '2030-04-01T00:30:00Z',
    'Europe/Berlin',
  ],
];

describe('due times of a schedule', () => {
  for (const [name, schedule, after, want, zone] of rows) {
    it(name, () => {
      const next = dueTimes(schedule, zone).next(Date.parse(after));
      assert.equal(next && new Date(next).toISOString().replace('.000', ''), want);
    });
  }

  it('knows what never comes', () => {
    assert.equal(dueTimes('0 0 30 2 *').next(Date.parse('2030-01-01T00:00:00Z')), undefined);
  });

  for (const text of [
    '',
    '* * * *',
    '60 * * * *',
    '* * 0 * *',
    '*/0 * * * *',
    '5-1 * * * *',
    'x * * * *',
    '@every x',
  ]) {
    it(`refuses "${text}"`, () => assert.throws(() => dueTimes(text)));
  }
  it('refuses an unknown zone', () => assert.throws(() => dueTimes('* * * * *', 'Nowhere/Land'), /Nowhere/));
});
