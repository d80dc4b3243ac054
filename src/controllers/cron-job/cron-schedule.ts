/** A cron schedule: when is it due next. After robfig/cron's standard parser, which kube-controller-manager uses. */
export interface CronSchedule {
  /** The first due time after `time`, both in milliseconds since the epoch; undefined: never (30 February). */
  next(time: number): number | undefined;
}

interface Field {
  min: number;
  max: number;
  names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const minute = 60_000;
const hour = 60 * minute;
const unitMs: Record<string, number> = { h: hour, m: minute, s: 1000 };

/**
 * Reads five fields (`0-59/5 * * * *`), `@daily`, `@every 90s`, with `TZ=Europe/Berlin ` before it or the zone given apart.
 * @throws Error for what is no schedule or no zone
 */
export function parseSchedule(text: string, timeZone = 'UTC'): CronSchedule {
  const zoned = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(text.trim());
  if (zoned) return parseSchedule(zoned[2]!, zoned[1]);
  const spec = text.trim();
  if (spec.startsWith('@every ')) return every(spec.slice('@every '.length).trim());
  const parts = (macros[spec] ?? spec).split(/\s+/);
  if (parts.length !== 5) throw new Error(`expected exactly 5 fields, found ${parts.length}: ${text}`);
  const [minutes, hours, dates, monthSet, weekdays] = parts.map((part, i) =>
    parseField(part, fields[i]!),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  const anyDate = isStar(parts[2]!);
  const anyWeekday = isStar(parts[4]!);
  const dayMatches = (date: number, weekday: number) =>
    anyDate || anyWeekday
      ? dates.has(date) && weekdays.has(weekday)
      : dates.has(date) || weekdays.has(weekday);
  const wallClock = wallClockOf(timeZone);
  return { next: time => search(time, wallClock, { minutes, hours, monthSet, dayMatches }) };
}

interface Matcher {
  minutes: Set<number>;
  hours: Set<number>;
  monthSet: Set<number>;
  dayMatches(date: number, weekday: number): boolean;
}

interface WallClock {
  month: number;
  date: number;
  weekday: number;
  hour: number;
  minute: number;
}

/** Steps over what can't match, hour by hour at most, so that changes of summer time are seen. */
function search(after: number, wallClock: (time: number) => WallClock, matcher: Matcher): number | undefined {
  let time = (Math.floor(after / minute) + 1) * minute;
  const end = after + 5 * 366 * 24 * hour;
  while (time < end) {
    const at = wallClock(time);
    if (!matcher.monthSet.has(at.month) || !matcher.dayMatches(at.date, at.weekday)) {
      // To the next midnight; an hour short of it where the clock may be put forward on the way.
      const left = (23 - at.hour) * hour + (60 - at.minute) * minute;
      time += left > 2 * hour ? left - hour : toNextHour(at);
    } else if (!matcher.hours.has(at.hour)) time += toNextHour(at);
    else if (!matcher.minutes.has(at.minute)) time += minute;
    else return time;
  }
  return undefined;
}

function toNextHour({ minute: at }: WallClock): number {
  return (60 - at) * minute;
}

function wallClockOf(timeZone: string): (time: number) => WallClock {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') {
    return time => {
      const date = new Date(time);
      return {
        month: date.getUTCMonth() + 1,
        date: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
      };
    };
  }
  const format = zoneFormat(timeZone);
  return time => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return {
      month: Number(parts.month),
      date: Number(parts.day),
      weekday: days.indexOf((parts.weekday ?? '').toLowerCase()),
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    };
  };
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      hourCycle: 'h23',
    });
  } catch (cause) {
    throw new Error(`unknown time zone ${timeZone}`, { cause });
  }
}

/** `1h30m`: from each time so much later, at whole seconds, one at least. */
function every(text: string): CronSchedule {
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g))
    ms += Number(amount) * unitMs[unit!]!;
  if (ms === 0 || text.replaceAll(/(\d+(?:\.\d+)?)(h|m|s)/g, '') !== '') {
    throw new Error(`failed to parse duration @every ${text}`);
  }
  const period = Math.max(1000, Math.floor(ms / 1000) * 1000);
  return { next: time => Math.floor(time / 1000) * 1000 + period };
}

function isStar(text: string): boolean {
  return /^[*?](\/1)?$/.test(text);
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) for (const value of parseRange(part, field)) values.add(value);
  return values;
}

function parseRange(text: string, field: Field): number[] {
  const [range = '', stepText, more] = text.split('/');
  const step = stepText === undefined ? 1 : Number(stepText);
  if (more !== undefined || !Number.isInteger(step) || step < 1)
    throw new Error(`step of range should be a positive number: ${text}`);
  let [low, high] = [field.min, field.max];
  if (range !== '*' && range !== '?') {
    const [from = '', to, extra] = range.split('-');
    if (extra !== undefined) throw new Error(`too many hyphens: ${text}`);
    low = parseValue(from, field);
    high = to !== undefined ? parseValue(to, field) : stepText === undefined ? low : field.max;
  }
  if (low < field.min || high > field.max || low > high)
    throw new Error(`beyond the range of the field: ${text}`);
  const values: number[] = [];
  for (let value = low; value <= high; value += step) values.push(value);
  return values;
}

function parseValue(text: string, { names, min }: Field): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + min;
  if (!/^\d+$/.test(text)) throw new Error(`failed to parse int from ${text}`);
  return Number(text);
}
