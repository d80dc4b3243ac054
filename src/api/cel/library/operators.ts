import { compare, concat, equal } from '../equality.ts';
import { Duration, maxTimestamp, minTimestamp, Timestamp } from '../instants.ts';
import type { Meter } from '../meter.ts';
import { fn, meteredFn, type Overload } from '../signatures.ts';
import {
  CelError,
  type ListValue,
  type MapValue,
  noSuchOverload,
  OptionalValue,
  Uint,
  type Value,
} from '../values.ts';

const overflow = new CelError('integer overflow');
const unsignedOverflow = new CelError('unsigned integer overflow');

export function int(value: bigint): bigint | CelError {
  return BigInt.asIntN(64, value) === value ? value : overflow;
}

export function uint(value: bigint): Uint | CelError {
  return BigInt.asUintN(64, value) === value ? new Uint(value) : unsignedOverflow;
}

function duration(nanos: bigint): Duration | CelError {
  return BigInt.asIntN(64, nanos) === nanos ? new Duration(nanos) : overflow;
}

function timestamp(nanos: bigint): Timestamp | CelError {
  return nanos >= minTimestamp && nanos <= maxTimestamp
    ? new Timestamp(nanos)
    : new CelError('timestamp overflow');
}

type IntOperator = (a: bigint, b: bigint) => bigint;

/** An operator of int, uint and double. */
function arithmetic(
  sign: string,
  whole: IntOperator,
  double: ((a: number, b: number) => number) | undefined,
) {
  const byZero = sign === '/' ? 'division by zero' : sign === '%' ? 'modulus by zero' : undefined;
  const forms = [
    fn(`_${sign}_(int, int): int`, (a: bigint, b: bigint) =>
      byZero && b === 0n ? new CelError(byZero) : int(whole(a, b)),
    ),
    fn(`_${sign}_(uint, uint): uint`, ({ value: a }: Uint, { value: b }: Uint) =>
      byZero && b === 0n ? new CelError(byZero) : uint(whole(a, b)),
    ),
  ];
  return double ? [...forms, fn(`_${sign}_(double, double): double`, double)] : forms;
}

const textCost = (a: { length: number }, b: { length: number }) => Math.ceil((a.length + b.length) / 10);

const sums: Overload[] = [
  fn('_+_(string, string): string', (a: string, b: string) => a + b, textCost),
  fn(
    '_+_(bytes, bytes): bytes',
    (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b])),
    textCost,
  ),
  meteredFn('_+_(list(A), list(A)): list(A)', (meter, a: ListValue, b: ListValue) => concat(a, b, meter)),
  fn('_+_(duration, duration): duration', (a: Duration, b: Duration) => duration(a.nanos + b.nanos)),
  fn('_+_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos)),
  fn('_+_(duration, timestamp): timestamp', (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos)),
  fn('_-_(duration, duration): duration', (a: Duration, b: Duration) => duration(a.nanos - b.nanos)),
  fn('_-_(timestamp, duration): timestamp', (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos)),
  fn('_-_(timestamp, timestamp): duration', (a: Timestamp, b: Timestamp) => duration(a.nanos - b.nanos)),
];

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const mixed = ['int, uint', 'int, double', 'uint, int', 'uint, double', 'double, int', 'double, uint'];

function comparison(sign: string, holds: (order: number) => boolean): Overload[] {
  const decide = (a: Value, b: Value) => {
    const order = compare(a, b);
    return order === undefined
      ? typeof a === 'number' || typeof b === 'number'
        ? false
        : noSuchOverload
      : holds(order);
  };
  const cost = (a: Value, b: Value) =>
    typeof a === 'string' && typeof b === 'string' ? Math.ceil(Math.min(a.length, b.length) / 10) : 1;
  return [...ordered.map(type => `${type}, ${type}`), ...mixed].map(pair =>
    fn(`_${sign}_(${pair}): bool`, decide, cost),
  );
}

function includes(meter: Meter, item: Value, list: ListValue): boolean {
  for (const other of list) {
    meter.charge(0.2);
    if (equal(item, other, meter)) return true;
  }
  return false;
}

function indexed(list: ListValue, index: Value): Value | undefined {
  return list.at(Number(index as bigint));
}

function optionally(value: Value | undefined): OptionalValue {
  return value === undefined ? OptionalValue.none : new OptionalValue(value);
}

const unwrap = (of: OptionalValue, get: (held: Value) => Value | undefined) =>
  of.held === undefined ? OptionalValue.none : optionally(get(of.held));

/** An index into a list: whole numbers of any type. */
const indexes: Overload[] = ['int', 'uint', 'double'].map(type =>
  fn(`_[_](list(A), ${type}): A`, (list: ListValue, index: Value) => {
    const place = index instanceof Uint ? index.value : (index as bigint | number);
    return list.at(Number(place)) ?? new CelError(`index out of bounds: ${place}`);
  }),
);

export const operators: readonly Overload[] = [
  // These three are the planner's: they need not look at all their arguments.
  fn('_&&_(bool, bool): bool', () => noSuchOverload),
  fn('_||_(bool, bool): bool', () => noSuchOverload),
  fn('_?_:_(bool, A, A): A', () => noSuchOverload),
  fn('!_(bool): bool', (value: boolean) => !value),
  fn('-_(int): int', (value: bigint) => int(-value)),
  fn('-_(double): double', (value: number) => -value),
  meteredFn('_==_(A, A): bool', (meter, a: Value, b: Value) => equal(a, b, meter)),
  meteredFn('_!=_(A, A): bool', (meter, a: Value, b: Value) => !equal(a, b, meter)),
  ...comparison('<', order => order < 0),
  ...comparison('<=', order => order <= 0),
  ...comparison('>', order => order > 0),
  ...comparison('>=', order => order >= 0),
  ...arithmetic(
    '+',
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  ...arithmetic(
    '-',
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  ...arithmetic(
    '*',
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  ...arithmetic(
    '/',
    (a, b) => a / b,
    (a, b) => a / b,
  ),
  ...arithmetic('%', (a, b) => a % b, undefined),
  ...sums,
  meteredFn('@in(A, list(A)): bool', includes),
  fn('@in(A, map(A, B)): bool', (key: Value, map: MapValue) => map.has(key)),
  ...indexes,
  fn(
    '_[_](map(A, B), A): B',
    (map: MapValue, key: Value) => map.get(key) ?? new CelError(`no such key: ${keyText(key)}`),
  ),
  fn('_[_](optional_type(list(A)), int): optional_type(A)', (of: OptionalValue, index: bigint) =>
    unwrap(of, held => indexed(held as ListValue, index)),
  ),
  fn('_[_](optional_type(map(A, B)), A): optional_type(B)', (of: OptionalValue, key: Value) =>
    unwrap(of, held => (held as MapValue).get(key)),
  ),
  fn('_[?_](list(A), int): optional_type(A)', (list: ListValue, index: bigint) =>
    optionally(indexed(list, index)),
  ),
  fn('_[?_](map(A, B), A): optional_type(B)', (map: MapValue, key: Value) => optionally(map.get(key))),
  fn('_[?_](optional_type(list(A)), int): optional_type(A)', (of: OptionalValue, index: bigint) =>
    unwrap(of, held => indexed(held as ListValue, index)),
  ),
  fn('_[?_](optional_type(map(A, B)), A): optional_type(B)', (of: OptionalValue, key: Value) =>
    unwrap(of, held => (held as MapValue).get(key)),
  ),
];

function keyText(key: Value): string {
  return key instanceof Uint ? String(key.value) : String(key);
}
