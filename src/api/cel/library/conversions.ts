import {
  Duration,
  formatDuration,
  formatTimestamp,
  maxTimestamp,
  minTimestamp,
  parseDuration,
  parseTimestamp,
  Timestamp,
} from '../instants.ts';
import { fn, type Overload } from '../signatures.ts';
import {
  CelError,
  type ListValue,
  type MapValue,
  type OpaqueValue,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';
import { int, uint } from './operators.ts';

const second = 1_000_000_000n;

function refused(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`);
}

/** Doubles are cut off towards zero. */
function whole(value: number): bigint | undefined {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

/** Go's `%g` of what a double holds: exponents from 1e21 on, as JavaScript has them. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function decodeUtf8(bytes: Uint8Array): string | CelError {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

const perCharacter = ({ length }: { length: number }) => Math.max(1, Math.ceil(length / 10));

/** How many code points a text has. */
export function codePoints(text: string): number {
  if (!/[\ud800-\udfff]/.test(text)) return text.length;
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}

const counting = ({ length }: { length: number }) => Math.max(1, length / 50);

const sizes: Overload[] = ['', 'list(A)', 'map(A, B)', 'string', 'bytes'].flatMap(type => {
  if (type === '') return [];
  const size = (of: ListValue | MapValue | string | Uint8Array) =>
    BigInt(typeof of === 'string' ? codePoints(of) : of instanceof Uint8Array ? of.length : of.size);
  const cost = type === 'string' ? counting : undefined;
  return [fn(`size(${type}): int`, size, cost), fn(`${type}->size(): int`, size, cost)];
});

export const conversions: readonly Overload[] = [
  ...sizes,
  fn('dyn(A): dyn', (value: Value) => value),
  fn('type(A): type(A)', (value: Value) => new TypeValue(typeNameOf(value))),
  fn('bool(bool): bool', (value: boolean) => value),
  fn('bool(string): bool', (text: string) => {
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
    return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : refused('string', 'bool');
  }),
  fn('int(int): int', (value: bigint) => value),
  fn('int(uint): int', ({ value }: Uint) => int(value)),
  fn('int(double): int', (value: number) => {
    const cut = whole(value);
    return cut === undefined ? int(2n ** 64n) : int(cut);
  }),
  fn('int(string): int', (text: string) => {
    const value = /^[+-]?\d{1,30}$/.test(text) ? int(BigInt(text.replace(/^\+/, ''))) : undefined;
    return typeof value === 'bigint' ? value : refused('string', 'int');
  }),
  fn('int(timestamp): int', ({ nanos }: Timestamp) => nanos / second),
  fn('int(duration): int', ({ nanos }: Duration) => nanos),
  fn('uint(uint): uint', (value: Uint) => value),
  fn('uint(int): uint', (value: bigint) => uint(value)),
  fn('uint(double): uint', (value: number) => uint(whole(value) ?? -1n)),
  fn('uint(string): uint', (text: string) => {
    const value = /^\d{1,30}$/.test(text) ? uint(BigInt(text)) : undefined;
    return value instanceof Uint ? value : refused('string', 'uint');
  }),
  fn('double(double): double', (value: number) => value),
  fn('double(int): double', (value: bigint) => Number(value)),
  fn('double(uint): double', ({ value }: Uint) => Number(value)),
  fn('double(string): double', (text: string) => {
    const known: Record<string, number> = { NaN: NaN, Inf: Infinity, '+Inf': Infinity, '-Inf': -Infinity };
    const value =
      known[text] ?? (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined);
    return value ?? refused('string', 'double');
  }),
  fn('string(string): string', (text: string) => text),
  fn('string(bool): string', (value: boolean) => String(value)),
  fn('string(int): string', (value: bigint) => String(value)),
  fn('string(uint): string', ({ value }: Uint) => String(value)),
  fn('string(double): string', formatDouble),
  fn('string(bytes): string', decodeUtf8, perCharacter),
  fn('string(timestamp): string', formatTimestamp),
  fn('string(duration): string', formatDuration),
  ...['net.IP', 'net.CIDR'].map(type =>
    fn(`string(${type}): string`, (value: OpaqueValue) => value.toString()),
  ),
  fn('bytes(bytes): bytes', (bytes: Uint8Array) => bytes),
  fn('bytes(string): bytes', (text: string) => new TextEncoder().encode(text), perCharacter),
  fn('duration(duration): duration', (value: Duration) => value),
  fn('duration(int): duration', (nanos: bigint) => new Duration(nanos)),
  fn(
    'duration(string): duration',
    (text: string) => parseDuration(text) ?? refused('string', 'google.protobuf.Duration'),
  ),
  fn('timestamp(timestamp): timestamp', (value: Timestamp) => value),
  fn('timestamp(int): timestamp', (seconds: bigint) => {
    const nanos = seconds * second;
    return nanos < minTimestamp || nanos > maxTimestamp
      ? new CelError('timestamp overflow')
      : new Timestamp(nanos);
  }),
  fn(
    'timestamp(string): timestamp',
    (text: string) =>
      (text.length > 10 && parseTimestamp(text)) || refused('string', 'google.protobuf.Timestamp'),
  ),
];
