import { fn, type Overload } from '../signatures.ts';
import { CelError, ItemList, type ListValue, noSuchOverload, type Value } from '../values.ts';
import { codePoints } from './conversions.ts';
import { formatString, quoteString } from './string-format.ts';

/** The strings of the standard and of cel-go's extension (version 2). Positions count code points. */

type Text = { length: number };
const reading = (text: Text) => Math.max(1, Math.ceil(text.length / 10));
const readingBoth = (a: Text, b: Text) => Math.max(1, Math.ceil(a.length / 10) * Math.ceil(b.length / 10));
/** What is written costs as what is read. */
const rewriting = (...args: unknown[]) => reading(args[0] as Text) + reading(args.at(-1) as Text);

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

/** Code points; plain ASCII, which most text is, is cut without splitting. */
function slice(text: string, start: bigint, end?: bigint): string | CelError {
  const size = BigInt(codePoints(text));
  const stop = end ?? size;
  if (start < 0n || start > size) return outOfRange(start);
  if (stop < 0n || stop > size) return outOfRange(stop);
  if (start > stop) return new CelError(`invalid substring range. start: ${start}, end: ${stop}`);
  if (Number(size) === text.length) return text.slice(Number(start), Number(stop));
  return [...text].slice(Number(start), Number(stop)).join('');
}

/** From UTF-16 units to code points. */
function position(text: string, index: number): bigint {
  return BigInt(index < 0 ? -1 : codePoints(text.slice(0, index)));
}

function indexOf(text: string, part: string, from = 0n): bigint | CelError {
  if (from < 0n || from > BigInt(codePoints(text))) return part === '' && from === 0n ? 0n : outOfRange(from);
  const start = [...text].slice(0, Number(from)).join('').length;
  return position(text, text.indexOf(part, start));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint | CelError {
  if (from === undefined) return position(text, text.lastIndexOf(part));
  if (from < 0n || from >= BigInt(codePoints(text))) return outOfRange(from);
  return position(text, text.lastIndexOf(part, [...text].slice(0, Number(from)).join('').length));
}

function replace(text: string, old: string, by: string, limit = -1n): string {
  if (limit < 0n) return old === '' ? text.replaceAll('', () => by) : text.split(old).join(by);
  let rest = Number(limit > 1_000_000_000n ? 1_000_000_000n : limit);
  return text.replaceAll(old, match => (rest-- > 0 ? by : match));
}

function split(text: string, separator: string, limit = -1n): ItemList {
  if (limit === 0n) return new ItemList([]);
  const parts = separator === '' ? [...text] : text.split(separator);
  if (limit < 0n || parts.length <= Number(limit)) return new ItemList(parts);
  const kept = parts.slice(0, Number(limit) - 1);
  return new ItemList([...kept, parts.slice(Number(limit) - 1).join(separator)]);
}

function join(list: ListValue, separator = ''): Value {
  const parts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return noSuchOverload;
    parts.push(item);
  }
  return parts.join(separator);
}

const joined = (list: ListValue, ...rest: unknown[]) =>
  Math.max(
    1,
    Math.ceil(list.size / 10) + reading(typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : ''),
  );

const splitting = (text: Text, ...rest: unknown[]) => reading(text) + (rest.at(-1) as ItemList).size;

/** Only ASCII letters change: what upstream's does, too. */
const asciiCase = (change: (text: string) => string) => (text: string) => text.replace(/[A-Za-z]+/g, change);
/** What Unicode calls white space. */
const blanks = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const trimmed = new RegExp(`^${blanks}|${blanks}$`, 'g');

export const strings: readonly Overload[] = [
  fn(
    'string->startsWith(string): bool',
    (text: string, part: string) => text.startsWith(part),
    (_: Text, part: Text) => reading(part),
  ),
  fn(
    'string->endsWith(string): bool',
    (text: string, part: string) => text.endsWith(part),
    (_: Text, part: Text) => reading(part),
  ),
  fn('string->contains(string): bool', (text: string, part: string) => text.includes(part), readingBoth),
  fn(
    'string->charAt(int): string',
    (text: string, index: bigint) => {
      if (index === BigInt(codePoints(text))) return '';
      return slice(text, index, index + 1n);
    },
    reading,
  ),
  fn('string->indexOf(string): int', indexOf, readingBoth),
  fn('string->indexOf(string, int): int', indexOf, readingBoth),
  fn('string->lastIndexOf(string): int', lastIndexOf, readingBoth),
  fn('string->lastIndexOf(string, int): int', lastIndexOf, readingBoth),
  fn(
    'string->lowerAscii(): string',
    asciiCase(text => text.toLowerCase()),
    reading,
  ),
  fn(
    'string->upperAscii(): string',
    asciiCase(text => text.toUpperCase()),
    reading,
  ),
  fn('string->replace(string, string): string', replace, rewriting),
  fn('string->replace(string, string, int): string', replace, rewriting),
  fn(
    'string->split(string): list(string)',
    (text: string, separator: string) => split(text, separator),
    splitting,
  ),
  fn('string->split(string, int): list(string)', split, splitting),
  fn('string->substring(int): string', (text: string, start: bigint) => slice(text, start), reading),
  fn('string->substring(int, int): string', slice, reading),
  fn('string->trim(): string', (text: string) => text.replace(trimmed, ''), reading),
  fn('list(string)->join(): string', (list: ListValue) => join(list), joined),
  fn('list(string)->join(string): string', join, joined),
  fn('string->format(list(dyn)): string', formatString, rewriting),
  fn('strings.quote(string): string', quoteString, reading),
];
