/** Durations and points in time, exact to the nanosecond; their text is Go's and RFC 3339's. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Timestamp {
  /** Since 1970. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

const units: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const second = 1_000_000_000n;
/** What protobuf's type holds. */
export const minTimestamp = -62_135_596_800n * second;
export const maxTimestamp = 253_402_300_800n * second - 1n;

/** `1h30m`, `-1.5s`; undefined for what Go's time.ParseDuration refuses. */
export function parseDuration(text: string): Duration | undefined {
  const whole = /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (!whole || text.length > 200) return undefined;
  let nanos = 0n;
  for (const [, integer = '', fraction = '', unit] of whole[2]!.matchAll(/(\d*)(?:\.(\d*))?([a-zµμ]+)/g)) {
    const scale = units[unit!]!;
    nanos += BigInt(integer || '0') * scale;
    if (fraction) nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  if (nanos >= 2n ** 63n) return undefined;
  return new Duration(whole[1] === '-' ? -nanos : nanos);
}

/** RFC 3339, also a date alone (format `date`). */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\d*([Zz]|([+-])(\d\d):(\d\d)))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    sec = '0',
    fraction = '',
    ,
    sign,
    zoneHours,
    zoneMinutes,
  ] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(sec) > 59) return undefined;
  let seconds = BigInt(date.getTime() / 1000) + BigInt(hour) * 3600n + BigInt(minute) * 60n + BigInt(sec);
  const shift = BigInt(zoneHours ?? '0') * 3600n + BigInt(zoneMinutes ?? '0') * 60n;
  seconds -= sign === '-' ? -shift : shift;
  const nanos = seconds * second + BigInt(fraction.padEnd(9, '0') || '0');
  return nanos < minTimestamp || nanos > maxTimestamp ? undefined : new Timestamp(nanos);
}

/** RFC 3339 in UTC, as many fractional digits as there are. */
export function formatTimestamp({ nanos }: Timestamp): string {
  const fraction = ((nanos % second) + second) % second;
  const text = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  const digits = fraction.toString().padStart(9, '0').replace(/0+$/, '');
  return `${text}${digits && `.${digits}`}Z`;
}

/** Seconds and a fraction: `90s`, `-1.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const digits = (size % second).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / second}${digits && `.${digits}`}s`;
}
