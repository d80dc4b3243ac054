import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityOf,
  quantitySign,
  scaledValue,
  subtractQuantity,
} from '../../quantity.ts';
import { fn, type Overload } from '../signatures.ts';
import { CelError, OpaqueValue } from '../values.ts';

class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  equals(other: QuantityValue): boolean {
    return compareQuantity(this.quantity, other.quantity) === 0;
  }

  toString(): string {
    return formatQuantity(this.quantity);
  }
}

function read(text: string): QuantityValue | CelError {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    return new CelError(error instanceof Error ? error.message : String(error));
  }
}

/** The value as an int, where it is one. */
function whole({ quantity }: QuantityValue): bigint | undefined {
  const { mantissa, scale } = quantity;
  if (scale < 0 && mantissa % 10n ** BigInt(-scale) !== 0n) return undefined;
  const value = scaledValue(quantity, 0);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function approximate({ quantity: { mantissa, scale } }: QuantityValue): number {
  return Number(`${mantissa}e${scale}`);
}

const Q = 'kubernetes.Quantity';
const parsing = (text: string) => Math.max(1, Math.ceil(text.length / 10));
const compare = (a: QuantityValue, b: QuantityValue) => compareQuantity(a.quantity, b.quantity);
const plus = (a: QuantityValue, b: Quantity) => new QuantityValue(addQuantity(a.quantity, b));
const minus = (a: QuantityValue, b: Quantity) => new QuantityValue(subtractQuantity(a.quantity, b));

export const quantities: readonly Overload[] = [
  fn(`quantity(string): ${Q}`, read, parsing),
  fn('isQuantity(string): bool', (text: string) => read(text) instanceof QuantityValue, parsing),
  fn(`${Q}->isInteger(): bool`, (value: QuantityValue) => whole(value) !== undefined),
  fn(
    `${Q}->asInteger(): int`,
    (value: QuantityValue) => whole(value) ?? new CelError('cannot convert value to integer'),
  ),
  fn(`${Q}->asApproximateFloat(): double`, approximate),
  fn(`${Q}->sign(): int`, ({ quantity }: QuantityValue) => BigInt(quantitySign(quantity))),
  fn(`${Q}->isGreaterThan(${Q}): bool`, (a: QuantityValue, b: QuantityValue) => compare(a, b) > 0),
  fn(`${Q}->isLessThan(${Q}): bool`, (a: QuantityValue, b: QuantityValue) => compare(a, b) < 0),
  fn(`${Q}->compareTo(${Q}): int`, (a: QuantityValue, b: QuantityValue) => BigInt(Math.sign(compare(a, b)))),
  fn(`${Q}->add(${Q}): ${Q}`, (a: QuantityValue, b: QuantityValue) => plus(a, b.quantity)),
  fn(`${Q}->add(int): ${Q}`, (a: QuantityValue, b: bigint) => plus(a, quantityOf(b))),
  fn(`${Q}->sub(${Q}): ${Q}`, (a: QuantityValue, b: QuantityValue) => minus(a, b.quantity)),
  fn(`${Q}->sub(int): ${Q}`, (a: QuantityValue, b: bigint) => minus(a, quantityOf(b))),
];
