import { compare, equal } from '../equality.ts';
import { Duration } from '../instants.ts';
import type { Meter } from '../meter.ts';
import { fn, meteredFn, type Overload } from '../signatures.ts';
import { CelError, type ListValue, noSuchOverload, Uint, type Value } from '../values.ts';
import { int, uint } from './operators.ts';

/** Kubernetes' lists: isSorted, sum, min, max, indexOf, lastIndexOf. */

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const perItem = ({ size }: ListValue) => Math.max(1, size);

function isSorted(list: ListValue): Value {
  for (let i = 1; i < list.size; i++) {
    const order = compare(list.at(i - 1)!, list.at(i)!);
    if (order === undefined) return noSuchOverload;
    if (order > 0) return false;
  }
  return true;
}

function extreme(name: string, wins: (order: number) => boolean) {
  return (list: ListValue): Value => {
    let best = list.at(0);
    if (best === undefined) return new CelError(`${name} called on empty list`);
    for (const item of list) {
      const order = compare(item, best);
      if (order === undefined) return noSuchOverload;
      if (wins(order)) best = item;
    }
    return best;
  };
}

function sum(start: Value, add: (total: never, item: never) => Value) {
  return (list: ListValue): Value => {
    let total = start;
    for (const item of list) {
      if (typeof item !== typeof start) return noSuchOverload;
      total = add(total as never, item as never);
      if (total instanceof CelError) return total;
    }
    return total;
  };
}

const sums = {
  int: sum(0n, (a: bigint, b: bigint) => int(a + b)),
  uint: sum(new Uint(0n), (a: Uint, b: Uint) => uint(a.value + b.value)),
  double: sum(0, (a: number, b: number) => a + b),
  duration: sum(new Duration(0n), (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos)),
};

function find(meter: Meter, list: ListValue, wanted: Value, places: Iterable<number>): bigint {
  for (const place of places) {
    meter.charge(1);
    if (equal(list.at(place)!, wanted, meter)) return BigInt(place);
  }
  return -1n;
}

function* forwards(size: number): Iterable<number> {
  for (let i = 0; i < size; i++) yield i;
}

function* backwards(size: number): Iterable<number> {
  for (let i = size - 1; i >= 0; i--) yield i;
}

export const lists: readonly Overload[] = [
  ...comparable.flatMap(type => [
    fn(`list(${type})->isSorted(): bool`, isSorted, perItem),
    fn(
      `list(${type})->min(): ${type}`,
      extreme('min', order => order < 0),
      perItem,
    ),
    fn(
      `list(${type})->max(): ${type}`,
      extreme('max', order => order > 0),
      perItem,
    ),
  ]),
  ...Object.entries(sums).map(([type, add]) => fn(`list(${type})->sum(): ${type}`, add, perItem)),
  meteredFn('list(A)->indexOf(A): int', (meter, list: ListValue, item: Value) =>
    find(meter, list, item, forwards(list.size)),
  ),
  meteredFn('list(A)->lastIndexOf(A): int', (meter, list: ListValue, item: Value) =>
    find(meter, list, item, backwards(list.size)),
  ),
];
