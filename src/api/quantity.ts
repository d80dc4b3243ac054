/**
 * Amounts of resources as Kubernetes writes them (`500m`, `1Gi`, `12e6`), after `resource.Quantity` of
 * k8s.io/apimachinery: exact decimals, never floating point, rounded up to nano when parsed.
 */

/** How a quantity was written, and is written again. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** The value is `mantissa × 10^scale`. Immutable. */
export interface Quantity {
  readonly mantissa: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** The text it was parsed from, where upstream keeps that instead of the canonical form. */
  readonly text?: string;
}

/** What is wrong with a quantity's text, in upstream's words. */
export class QuantityError extends Error {
  override name = 'QuantityError';
}

const formatWrong =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericWrong = 'unable to parse numeric part of quantity';
const suffixWrong = "unable to parse quantity's suffix";

const decimalSuffixes = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const decimalSuffixOf = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const nano = -9;
const maxBinary = 2n ** 63n - 1n;
/** Bounds what a client's exponent may cost: upstream takes any 32-bit one. */
const maxExponent = 400;
const maxDigits = 1000;

const zero: Quantity = { mantissa: 0n, scale: 0, format: 'DecimalSI' };

interface Suffix {
  base: 2 | 10;
  exponent: number;
  format: QuantityFormat;
}

function interpretSuffix(suffix: string): Suffix {
  const decimal = decimalSuffixes.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' };
  if (/^[eE][+-]?\d+$/.test(suffix)) {
    const exponent = Number(suffix.slice(1));
    if (Math.abs(exponent) <= maxExponent) return { base: 10, exponent, format: 'DecimalExponent' };
  }
  throw new QuantityError(suffixWrong);
}

/** Digits around an optional point and what follows them; anything else is of the wrong form. */
const pattern = /^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/;

/**
 * Reads a quantity.
 * @throws QuantityError with upstream's text
 */
export function parseQuantity(text: string): Quantity {
  if (text === '0') return zero;
  const match = text.length > 0 && text.length <= maxDigits ? pattern.exec(text) : null;
  if (!match) throw new QuantityError(formatWrong);
  const [, sign, whole = '', point, fraction = '', suffixText = ''] = match;
  const suffix = interpretSuffix(suffixText);
  if (whole === '' && fraction === '') throw new QuantityError(point ? numericWrong : formatWrong);

  const digits = whole.replace(/^0+/, '');
  const magnitude = BigInt(digits + fraction);
  const { value, scale } = scaled(magnitude, fraction.length, suffix);
  const mantissa = sign === '-' ? -value : value;
  let { format } = suffix;
  if (format === 'BinarySI' && value > 0n && compareScaled(value, scale, 1n, 0) < 0) format = 'DecimalSI';
  if (keepsText(digits === '' ? '0' : digits, fraction, suffix, value !== 0n)) {
    return { mantissa, scale, format, text };
  }
  return { mantissa, scale, format };
}

/** Applies the suffix; rounds away from zero what is finer than nano; caps binary quantities. */
function scaled(magnitude: bigint, fractionDigits: number, suffix: Suffix): { value: bigint; scale: number } {
  let value = magnitude;
  let scale = -fractionDigits;
  if (suffix.base === 10) scale += suffix.exponent;
  else value <<= BigInt(suffix.exponent);
  if (scale < nano) {
    value = divideUp(value, 10n ** BigInt(nano - scale));
    scale = nano;
  }
  if (suffix.base === 2 && compareScaled(value, scale, maxBinary, 0) > 0)
    return { value: maxBinary, scale: 0 };
  return { value, scale };
}

/**
 * Upstream prints the text as it was given where a cheap test takes it for canonical (`1.500`, `0100m`),
 * so that a round trip keeps it.
 */
function keepsText(whole: string, fraction: string, suffix: Suffix, nonZero: boolean): boolean {
  const digits = whole + fraction;
  if (!nonZero) return false;
  if (suffix.format === 'BinarySI') {
    const precision = 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === '' && precision >= 0 && (BigInt(digits) & 7n) !== 0n;
  }
  const scale = suffix.exponent - fraction.length;
  return (
    digits.length <= 18 && scale >= nano && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0'
  );
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (value % divisor === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function compareScaled(a: bigint, aScale: number, b: bigint, bScale: number): number {
  const scale = Math.min(aScale, bScale);
  const left = a * 10n ** BigInt(aScale - scale);
  const right = b * 10n ** BigInt(bScale - scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The text of a quantity in canonical form: the largest suffix without a fraction. */
export function formatQuantity(quantity: Quantity): string {
  const { mantissa, scale, text } = quantity;
  if (text !== undefined) return text;
  if (mantissa === 0n) return '0';
  let { format } = quantity;
  if (format === 'BinarySI') {
    const size = mantissa < 0n ? -mantissa : mantissa;
    const small = compareScaled(size, scale, 1024n, 0) < 0;
    const whole = scale >= 0 || mantissa % 10n ** BigInt(-scale) === 0n;
    if (small || !whole) format = 'DecimalSI';
  }
  return format === 'BinarySI' ? formatBinary(mantissa, scale) : formatDecimal(mantissa, scale, format);
}

function formatDecimal(mantissa: bigint, scale: number, format: QuantityFormat): string {
  let value = mantissa;
  let exponent = scale;
  while (value % 10n === 0n) {
    value /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    value *= 10n;
    exponent--;
  }
  const suffix = format === 'DecimalSI' ? decimalSuffixOf.get(exponent) : undefined;
  if (suffix !== undefined) return `${value}${suffix}`;
  return exponent === 0 ? `${value}` : `${value}e${exponent}`;
}

function formatBinary(mantissa: bigint, scale: number): string {
  let value = scale >= 0 ? mantissa * 10n ** BigInt(scale) : mantissa / 10n ** BigInt(-scale);
  let step = 0;
  while (step < binarySuffixes.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    step++;
  }
  return `${value}${binarySuffixes[step]}`;
}

/** `formatQuantity(parseQuantity(text))`: what the API server answers to a client that sent `text`. */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** Negative, zero or positive, as of `a - b`. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  return compareScaled(a.mantissa, a.scale, b.mantissa, b.scale);
}

/** The sum, in `a`'s format; in `b`'s where `a` is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const scale = Math.min(a.scale, b.scale);
  const mantissa = a.mantissa * 10n ** BigInt(a.scale - scale) + b.mantissa * 10n ** BigInt(b.scale - scale);
  return { mantissa, scale, format: a.mantissa === 0n ? b.format : a.format };
}

/** The difference, in `a`'s format; in `b`'s where `a` is zero. */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return addQuantity(a, negateQuantity(b));
}

export function negateQuantity(quantity: Quantity): Quantity {
  return { mantissa: -quantity.mantissa, scale: quantity.scale, format: quantity.format };
}

/** A quantity of `value` whole units. */
export function quantityOf(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { mantissa: BigInt(value), scale: 0, format };
}

/** The value in units of `10^scale`, rounded away from zero. */
export function scaledValue(quantity: Quantity, scale: number): bigint {
  const shift = quantity.scale - scale;
  if (shift >= 0) return quantity.mantissa * 10n ** BigInt(shift);
  return divideUp(quantity.mantissa, 10n ** BigInt(-shift));
}

/** The value in whole units (bytes, cores, pods), rounded away from zero. Exact up to 2^53. */
export function quantityValue(quantity: Quantity): number {
  return Number(scaledValue(quantity, 0));
}

/** The value in thousandths (millicores), rounded away from zero. Exact up to 2^53. */
export function quantityMilliValue(quantity: Quantity): number {
  return Number(scaledValue(quantity, -3));
}

/** The whole units (bytes) a text stands for; 0 where it is not set. @throws for what is no quantity */
export function unitsOf(text: string | undefined): number {
  return text === undefined ? 0 : quantityValue(parseQuantity(text));
}

/** The thousandths a text stands for; 0 where it is not set. @throws for what is no quantity */
export function milliOf(text: string | undefined): number {
  return text === undefined ? 0 : quantityMilliValue(parseQuantity(text));
}

/** Whether the value is below, at or above zero. */
export function quantitySign(quantity: Quantity): -1 | 0 | 1 {
  return quantity.mantissa < 0n ? -1 : quantity.mantissa > 0n ? 1 : 0;
}

/** Rounds up (away from zero) to `10^scale`, as the defaults of container resources do with milli. */
export function roundUpQuantity(quantity: Quantity, scale: number): Quantity {
  if (quantity.scale >= scale) return quantity;
  return { mantissa: scaledValue(quantity, scale), scale, format: quantity.format };
}
