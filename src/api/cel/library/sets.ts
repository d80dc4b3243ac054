import { equal } from '../equality.ts';
import type { Meter } from '../meter.ts';
import { meteredFn, type Overload } from '../signatures.ts';
import type { ListValue, Value } from '../values.ts';

/** Lists taken as sets. */

function has(meter: Meter, list: ListValue, wanted: Value): boolean {
  for (const item of list) {
    meter.charge(1);
    if (equal(item, wanted, meter)) return true;
  }
  return false;
}

function contains(meter: Meter, list: ListValue, wanted: ListValue): boolean {
  for (const item of wanted) if (!has(meter, list, item)) return false;
  return true;
}

function intersects(meter: Meter, a: ListValue, b: ListValue): boolean {
  for (const item of a) if (has(meter, b, item)) return true;
  return false;
}

export const sets: readonly Overload[] = [
  meteredFn('sets.contains(list(A), list(A)): bool', contains),
  meteredFn('sets.intersects(list(A), list(A)): bool', intersects),
  meteredFn(
    'sets.equivalent(list(A), list(A)): bool',
    (meter, a: ListValue, b: ListValue) => contains(meter, a, b) && contains(meter, b, a),
  ),
];
