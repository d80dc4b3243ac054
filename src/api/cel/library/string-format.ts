import { Duration, formatDuration, formatTimestamp, Timestamp } from '../instants.ts';
import { CelError, ListValue, MapValue, TypeValue, typeNameOf, Uint, type Value } from '../values.ts';
import { formatDouble } from './conversions.ts';

/** `'%s is %d'.format([…])` after cel-go's extension of strings. */
export function formatString(format: string, args: ListValue): string | CelError {
  let out = '';
  let next = 0;
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== '%') {
      out += format[i];
      continue;
    }
    if (format[i + 1] === '%') {
      out += format[++i];
      continue;
    }
    const clause = /^(?:\.(\d+))?([\s\S])/.exec(format.slice(i + 1, i + 12));
    if (!clause) return new CelError('unexpected end of string');
    if (next >= args.size) return new CelError(`index ${next} out of range`);
    const part = clauseText(
      args.at(next++)!,
      clause[2]!,
      clause[1] === undefined ? undefined : Number(clause[1]),
    );
    if (part instanceof CelError) return part;
    out += part;
    i += clause[0].length;
  }
  return out;
}

function clauseText(value: Value, verb: string, precision: number | undefined): string | CelError {
  switch (verb) {
    case 's':
      return text(value);
    case 'd':
      return typeof value === 'number' && Number.isFinite(value) ? wrong('integer', value) : decimal(value);
    case 'f':
      return fixed(value, (number, digits) => number.toFixed(digits), precision);
    case 'e':
      return fixed(
        value,
        (number, digits) => number.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2'),
        precision,
      );
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : inBase(value, 2, 'binary');
    case 'o':
      return inBase(value, 8, 'octal');
    case 'x':
      return hex(value);
    case 'X': {
      const lower = hex(value);
      return typeof lower === 'string' ? lower.toUpperCase() : lower;
    }
  }
  return new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
}

function wrong(clause: string, value: Value): CelError {
  return new CelError(
    `error during formatting: ${clause} clause can only be used on integers, was given ${typeNameOf(value)}`,
  );
}

function whole(value: Value): bigint | undefined {
  return typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined;
}

function decimal(value: Value): string | CelError {
  if (typeof value === 'number') return formatDouble(value);
  return whole(value)?.toString() ?? wrong('decimal', value);
}

function fixed(value: Value, show: (n: number, digits: number) => string, precision = 6): string | CelError {
  const number = typeof value === 'number' ? value : Number(whole(value) ?? NaN);
  if (typeof value !== 'number' && whole(value) === undefined) {
    return new CelError(
      `error during formatting: fixed-point clause can only be used on doubles, was given ${typeNameOf(value)}`,
    );
  }
  return Number.isFinite(number) ? show(number, Math.min(precision, 100)) : formatDouble(number);
}

function inBase(value: Value, base: number, name: string): string | CelError {
  return whole(value)?.toString(base) ?? wrong(name, value);
}

function hex(value: Value): string | CelError {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return inBase(value, 16, 'hex');
}

/** `%s` of anything that has a text. */
function text(value: Value): string | CelError {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof ListValue) return joined([...value].map(text), '[', ']');
  if (value instanceof MapValue) return joined(entries(value), '{', '}');
  return new CelError(
    'error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, ' +
      `was given ${typeNameOf(value)}`,
  );
}

/** In the order of their keys. */
function entries(map: MapValue): (string | CelError)[] {
  const lines = [...map.keys()].map(key => {
    const value = text(map.get(key)!);
    return value instanceof CelError ? value : `${text(key)}: ${value}`;
  });
  return lines.sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function joined(parts: readonly (string | CelError)[], open: string, close: string): string | CelError {
  const failed = parts.find(part => part instanceof CelError);
  return failed ?? `${open}${parts.join(', ')}${close}`;
}

const escapes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** In double quotes, with escapes. */
export function quoteString(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return `"${value.replace(/[\x07-\r\\"]/g, char => escapes[char]!)}"`;
}
