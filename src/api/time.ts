/** Timestamps as Kubernetes writes them: RFC 3339, UTC, whole seconds (`Time`) or microseconds (`MicroTime`). */

/** metav1.Time: `2026-01-02T03:04:05Z`. `milliseconds` since the Unix epoch; a fraction is cut off. */
export function formatTime(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime: `2026-01-02T03:04:05.678000Z`. `milliseconds` since the Unix epoch, may have a fraction. */
export function formatMicroTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const micros = Math.min(Math.round((milliseconds - seconds * 1000) * 1000), 999_999);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the Unix epoch, microseconds as a fraction; undefined where `text` is no RFC 3339 time. */
export function parseTime(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const offset = zone === 'Z' ? 0 : zoneMinutes(zone);
  if (offset === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return undefined;
  const days = new Date(0);
  days.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (days.getUTCMonth() !== Number(month) - 1 || days.getUTCDate() !== Number(day)) return undefined;
  const ofDay = (Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second);
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
  return days.getTime() + ofDay * 1000 + micros / 1000;
}

function zoneMinutes(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** Milliseconds of a time the API server wrote; absent or unreadable is 0, Go's zero time to callers. */
export function timeOf(text: string | undefined): number {
  return text === undefined ? 0 : (parseTime(text) ?? 0);
}

/** Milliseconds as Go prints a duration rounded to them: `350ms`, `15.064s`, `2m40s`, `1h0m0s`. */
export function formatDuration(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded !== 0 && Math.abs(rounded) < 1000) return `${rounded}ms`;
  const minutes = Math.floor(rounded / 60_000);
  const seconds = `${(rounded % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

const layout = '2006-01-02T15:04:05Z07:00';

/**
 * Go's complaint about a text that is no RFC 3339 time: it names the first part of the layout that does not
 * fit and where the text stood then. Upstream's `time.Parse` error as clients see it.
 */
export function timeParseError(text: string, of: string = layout): string {
  const quoted = JSON.stringify(text);
  const head = `parsing time ${quoted} as "${of}"`;
  let rest = text;
  for (const part of parts) {
    const match = part.pattern.exec(rest);
    if (!match) return `${head}: cannot parse ${JSON.stringify(rest)} as "${part.layout}"`;
    if (part.max !== undefined && (Number(match[0]) > part.max || Number(match[0]) < (part.min ?? 0))) {
      return `parsing time ${quoted}: ${part.name} out of range`;
    }
    rest = rest.slice(match[0].length);
    if (part.layout === '05') rest = rest.replace(/^[.,]\d+/, '');
  }
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  return `parsing time ${quoted}: day out of range`;
}

const parts: { layout: string; pattern: RegExp; name?: string; min?: number; max?: number }[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  { layout: '-', pattern: /^-/ },
  { layout: '01', pattern: /^\d{2}/, name: 'month', min: 1, max: 12 },
  { layout: '-', pattern: /^-/ },
  { layout: '02', pattern: /^\d{2}/, name: 'day', min: 1, max: 31 },
  { layout: 'T', pattern: /^T/ },
  { layout: '15', pattern: /^\d{2}/, name: 'hour', max: 23 },
  { layout: ':', pattern: /^:/ },
  { layout: '04', pattern: /^\d{2}/, name: 'minute', max: 59 },
  { layout: ':', pattern: /^:/ },
  { layout: '05', pattern: /^\d{2}/, name: 'second', max: 59 },
  { layout: 'Z07:00', pattern: /^(?:Z|[+-]\d{2}:\d{2})/ },
];
