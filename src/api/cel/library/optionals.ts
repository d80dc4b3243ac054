import { fn, type Overload } from '../signatures.ts';
import { CelError, ItemList, ListValue, MapValue, OptionalValue, Uint, type Value } from '../values.ts';

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  return value instanceof Uint8Array && value.length === 0;
}

const dereferenced = new CelError('optional.none() dereference');

export const optionals: readonly Overload[] = [
  fn('optional.of(A): optional_type(A)', (value: Value) => new OptionalValue(value)),
  fn('optional.ofNonZeroValue(A): optional_type(A)', (value: Value) =>
    isZero(value) ? OptionalValue.none : new OptionalValue(value),
  ),
  fn('optional.none(): optional_type(A)', () => OptionalValue.none),
  fn('optional_type(A)->value(): A', ({ held }: OptionalValue) => (held === undefined ? dereferenced : held)),
  fn('optional_type(A)->hasValue(): bool', ({ held }: OptionalValue) => held !== undefined),
  // The planner's, as `||`: the other one is looked at only when it is needed.
  fn('optional_type(A)->or(optional_type(A)): optional_type(A)', (a: OptionalValue, b: OptionalValue) =>
    a.held === undefined ? b : a,
  ),
  fn('optional_type(A)->orValue(A): A', ({ held }: OptionalValue, other: Value) =>
    held === undefined ? other : held,
  ),
  fn('optional.unwrap(list(optional_type(A))): list(A)', (list: ListValue) => unwrapped(list)),
  fn('list(optional_type(A))->unwrapOpt(): list(A)', (list: ListValue) => unwrapped(list)),
];

function unwrapped(list: ListValue): ItemList {
  return new ItemList(
    [...list].flatMap(item => (item instanceof OptionalValue && item.held !== undefined ? [item.held] : [])),
  );
}
