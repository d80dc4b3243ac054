import {
  canonicalQuantity,
  compareQuantity,
  parseQuantity,
  type Quantity,
  quantitySign,
  scaledValue,
} from '../quantity.ts';
import type { FieldPath } from './field-path.ts';
import type { Findings } from './findings.ts';

export type ResourceList = Record<string, string>;

const zero = parseQuantity('0');
const canonical = new Map<string, string>();
const rememberAtMost = 4096;

/**
 * The list with every quantity in the form the API server stores: `1000m` → `1`. In place; what is no quantity
 * stays for validation to find.
 */
export function canonicalize(list: ResourceList | undefined): void {
  if (!list) return;
  for (const name of Object.keys(list)) list[name] = canonicalText(list[name]!);
}

export function canonicalText(text: string): string {
  const known = canonical.get(text);
  if (known !== undefined) return known;
  const result = readQuantity(text) ? canonicalQuantity(text) : text;
  if (canonical.size < rememberAtMost) canonical.set(text, result);
  return result;
}

/** The quantity, or undefined for text that is none. */
export function readQuantity(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  try {
    return parseQuantity(String(text));
  } catch {
    return undefined;
  }
}

/** Below 0, 0, above 0 as `a` is less than, equal to, more than `b`; what is absent counts as 0. */
export function compareText(a: string | undefined, b: string | undefined): number {
  return compareQuantity(readQuantity(a) ?? zero, readQuantity(b) ?? zero);
}

export function signOf(text: string | undefined): number {
  const quantity = readQuantity(text);
  return quantity ? quantitySign(quantity) : 0;
}

/** The whole number at or above; 0 for text that is no quantity. */
export function wholeOf(text: string): bigint {
  const quantity = readQuantity(text);
  return quantity ? scaledValue(quantity, 0) : 0n;
}

/** An amount of a resource: not negative. */
export function checkAmount(text: string, at: FieldPath, out: Findings): void {
  const whole = wholeOf(text);
  if (whole < 0n) out.invalid(at, Number(whole), 'must be a valid resource quantity');
}
