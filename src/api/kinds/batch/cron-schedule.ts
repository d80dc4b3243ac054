/** What a CronJob's `schedule` says: for each field, the values at which it fires. */
export interface CronSchedule {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  daysOfMonth: ReadonlySet<number>;
  months: ReadonlySet<number>;
  /** 0 is Sunday. */
  daysOfWeek: ReadonlySet<number>;
  /** The day field is `*`: the other one of the two decides alone. */
  anyDayOfMonth: boolean;
  anyDayOfWeek: boolean;
  /** `@every 1h30m`, in milliseconds: fires that long after the last time instead. */
  every?: number;
}

interface Field {
  min: number;
  max: number;
  names?: Readonly<Record<string, number>>;
}

const monthNames = named('jan feb mar apr may jun jul aug sep oct nov dec', 1);
const dayNames = named('sun mon tue wed thu fri sat', 0);
const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: monthNames },
  { min: 0, max: 6, names: dayNames },
];
const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

function named(names: string, first: number): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name, i) => [name, first + i]));
}

/**
 * Reads a schedule of five fields or a descriptor (`@daily`, `@every 5m`).
 * @throws Error in the words of robfig/cron, which upstream uses
 */
export function parseCronSchedule(text: string): CronSchedule {
  if (text.startsWith('@every ')) return everyOf(text, text.slice('@every '.length));
  if (text.startsWith('@') && !(text in descriptors)) throw new Error(`unrecognized descriptor: ${text}`);
  const parts = (descriptors[text] ?? text).split(/\s+/).filter(Boolean);
  if (parts.length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = parts.map((part, i) =>
    parseField(part, fields[i]!),
  );
  return {
    minutes: minutes!,
    hours: hours!,
    daysOfMonth: daysOfMonth!,
    months: months!,
    daysOfWeek: daysOfWeek!,
    anyDayOfMonth: isStar(parts[2]!),
    anyDayOfWeek: isStar(parts[4]!),
  };
}

/** A step above one takes the star away: then the field names days. */
function isStar(text: string): boolean {
  return text.split(',').some(part => /^[*?](\/0*1)?$/.test(part));
}

function everyOf(text: string, duration: string): CronSchedule {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const matches = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (matches.map(m => m[0]).join('') !== duration || matches.length === 0) {
    throw new Error(`failed to parse duration ${text}: time: invalid duration "${duration}"`);
  }
  const sum = matches.reduce((total, m) => total + Number(m[1]) * units[m[2]!]!, 0);
  const none = new Set<number>();
  const empty = { minutes: none, hours: none, daysOfMonth: none, months: none, daysOfWeek: none };
  return {
    ...empty,
    anyDayOfMonth: true,
    anyDayOfWeek: true,
    every: Math.max(1000, Math.floor(sum / 1000) * 1000),
  };
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const { start, end, step } = parseRange(part, field);
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return values;
}

function parseRange(part: string, field: Field): { start: number; end: number; step: number } {
  const [range = '', stepText, ...more] = part.split('/');
  const [low = '', high, ...others] = range.split('-');
  if (others.length > 0) throw new Error(`too many hyphens: ${part}`);
  if (more.length > 0) throw new Error(`too many slashes: ${part}`);
  const star = low === '*' || low === '?';
  const start = star ? field.min : parseValue(low, field);
  let end = star ? field.max : high === undefined ? start : parseValue(high, field);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (stepText !== undefined && high === undefined && !star) end = field.max;
  if (start < field.min)
    throw new Error(`beginning of range (${start}) below minimum (${field.min}): ${part}`);
  if (end > field.max) throw new Error(`end of range (${end}) above maximum (${field.max}): ${part}`);
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${part}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${part}`);
  return { start, end, step };
}

function parseValue(text: string, field: Field): number {
  return field.names?.[text.toLowerCase()] ?? parseNumber(text);
}

function parseNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(
    `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}
