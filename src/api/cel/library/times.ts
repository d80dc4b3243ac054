import type { Duration, Timestamp } from '../instants.ts';
import { fn, type Overload } from '../signatures.ts';
import { CelError, type Value } from '../values.ts';

/** The parts of a time in UTC or in a zone, and of a duration. */

const milli = 1_000_000n;

/** Reads a part of a time as a clock in the zone shows it. */
function part(read: (local: Date) => number) {
  return (time: Timestamp, zone?: string): Value => {
    const shift = zone === undefined ? 0 : offsetOf(zone, time);
    if (shift === undefined) return new CelError(`unknown time zone ${zone}`);
    const fraction = ((time.nanos % milli) + milli) % milli;
    return BigInt(read(new Date(Number((time.nanos - fraction) / milli) + shift)));
  };
}

/** Milliseconds east of UTC: of `+02:00`, or of a zone's name at that time. */
function offsetOf(zone: string, time: Timestamp): number | undefined {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  if (zone === '' || zone === 'UTC') return 0;
  try {
    const at = Number(time.nanos / milli);
    const name =
      formatOf(zone)
        .formatToParts(at)
        .find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const match = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name);
    return match
      ? (match[1] === '-' ? -1 : 1) * (Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)) * 60_000
      : 0;
  } catch {
    return undefined;
  }
}

/** They are dear to make. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that is not known */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    // Zones are some hundreds; spelled in other letters they would be more.
    if (formats.size > 500) formats.clear();
    formats.set(zone, format);
  }
  return format;
}

function dayOfYear(local: Date): number {
  const start = Date.UTC(local.getUTCFullYear(), 0, 1);
  return Math.floor((local.getTime() - start) / 86_400_000);
}

const parts: Record<string, (local: Date) => number> = {
  getFullYear: local => local.getUTCFullYear(),
  getMonth: local => local.getUTCMonth(),
  getDate: local => local.getUTCDate(),
  getDayOfMonth: local => local.getUTCDate() - 1,
  getDayOfWeek: local => local.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: local => local.getUTCHours(),
  getMinutes: local => local.getUTCMinutes(),
  getSeconds: local => local.getUTCSeconds(),
  getMilliseconds: local => local.getUTCMilliseconds(),
};

const second = 1_000_000_000n;

export const times: readonly Overload[] = [
  ...Object.entries(parts).flatMap(([name, read]) => [
    fn(`timestamp->${name}(): int`, part(read)),
    fn(`timestamp->${name}(string): int`, part(read), () => 100),
  ]),
  fn('duration->getHours(): int', ({ nanos }: Duration) => nanos / (3600n * second)),
  fn('duration->getMinutes(): int', ({ nanos }: Duration) => nanos / (60n * second)),
  fn('duration->getSeconds(): int', ({ nanos }: Duration) => nanos / second),
  fn('duration->getMilliseconds(): int', ({ nanos }: Duration) => (nanos / milli) % 1000n),
];
