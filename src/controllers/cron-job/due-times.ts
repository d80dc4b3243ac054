import { type CronSchedule, parseCronSchedule } from '../../api/kinds/batch/cron-schedule.ts';

/** When a schedule is due. */
export interface DueTimes {
  /** The first due time after `time`, both in milliseconds since the epoch; undefined: never (30 February). */
  next(time: number): number | undefined;
}

interface WallClock {
  month: number;
  date: number;
  /** 0 is Sunday. */
  weekday: number;
  hour: number;
  minute: number;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const minute = 60_000;
const hour = 60 * minute;

/**
 * The times of a schedule as `parseCronSchedule` takes it, on the clock of a zone. `TZ=Europe/Berlin ` may stand
 * before the schedule: new objects have `timeZone` for that, but older ones are still followed.
 * @throws Error for what is no schedule or no zone
 */
export function dueTimes(text: string, timeZone = 'UTC'): DueTimes {
  const zoned = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(text.trim());
  if (zoned) return dueTimes(zoned[2]!, zoned[1]);
  const schedule = parseCronSchedule(text.trim());
  const { every } = schedule;
  if (every !== undefined) return { next: time => Math.floor(time / 1000) * 1000 + every };
  const wallClock = wallClockOf(timeZone);
  return { next: time => search(time, wallClock, schedule) };
}

/** Steps over what can't match, hour by hour at most, so that changes of summer time are seen. */
function search(
  after: number,
  wallClock: (time: number) => WallClock,
  schedule: CronSchedule,
): number | undefined {
  let time = (Math.floor(after / minute) + 1) * minute;
  const end = after + 5 * 366 * 24 * hour;
  while (time < end) {
    const at = wallClock(time);
    if (!schedule.months.has(at.month) || !dayMatches(schedule, at)) {
      // To the next midnight; an hour short of it where the clock may be put forward on the way.
      const left = (23 - at.hour) * hour + (60 - at.minute) * minute;
      time += left > 2 * hour ? left - hour : toNextHour(at);
    } else if (!schedule.hours.has(at.hour)) time += toNextHour(at);
    else if (!schedule.minutes.has(at.minute)) time += minute;
    else return time;
  }
  return undefined;
}

/** Either day will do where both fields name days; else the one that does decides. */
function dayMatches(schedule: CronSchedule, { date, weekday }: WallClock): boolean {
  const { daysOfMonth, daysOfWeek, anyDayOfMonth, anyDayOfWeek } = schedule;
  const [byDate, byWeekday] = [daysOfMonth.has(date), daysOfWeek.has(weekday)];
  return anyDayOfMonth || anyDayOfWeek ? byDate && byWeekday : byDate || byWeekday;
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
      weekday: weekdays.indexOf(parts.weekday ?? ''),
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
