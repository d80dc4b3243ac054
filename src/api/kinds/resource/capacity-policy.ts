import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '../../generated/types.ts';
import { addQuantity, formatQuantity, type Quantity } from '../../quantity.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { compareText, readQuantity, signOf, wholeOf } from '../quantities.ts';
import { checkSet } from './lists.ts';

const maxOptions = 10;

/** How much of a device's capacity a request may take, which only devices that can be shared tell. */
export function checkCapacity(
  { value, requestPolicy }: DeviceCapacity,
  shared: boolean,
  at: FieldPath,
  out: Findings,
): void {
  if (!requestPolicy) return;
  const here = at.child('requestPolicy');
  if (!shared) {
    out.forbidden(here, 'allowMultipleAllocations must be true');
    return;
  }
  const { validValues = [], validRange } = requestPolicy;
  if (validValues.length > 0 && validRange) {
    const why = 'cannot specify "validValues" and "validRange" at the same time';
    out.forbidden(here, `exactly one policy can be specified, ${why}`);
  } else if (validValues.length > 0) checkValues(requestPolicy, value, here, out);
  else if (validRange) checkRange(requestPolicy, validRange, value, here, out);
}

function checkValues(policy: CapacityRequestPolicy, capacity: string, at: FieldPath, out: Findings): void {
  const { default: standard, validValues = [] } = policy;
  if (standard === undefined) {
    out.required(at.child('default'), 'required when validValues is defined');
    return;
  }
  const here = at.child('validValues');
  validValues.forEach((value, i) => {
    if (i > 0 && compareText(validValues[i - 1], value) > 0) {
      out.invalid(here.index(i), value, 'values must be sorted in ascending order');
    }
  });
  const check = (value: string, valueAt: FieldPath) => {
    if (compareText(value, capacity) <= 0) return;
    out.invalid(valueAt, value, `option is larger than capacity value: ${capacity}`);
  };
  checkSet(validValues, maxOptions, check, value => String(wholeOf(value)), here, out);
  if (validValues.length > maxOptions || !validValues.some(value => compareText(value, standard) === 0)) {
    out.invalid(here, standard, 'default value is not valid according to the requestPolicy');
  }
}

function checkRange(
  { default: standard }: CapacityRequestPolicy,
  { min, max, step }: CapacityRequestPolicyRange,
  capacity: string,
  at: FieldPath,
  out: Findings,
): void {
  if (standard === undefined) {
    out.required(at.child('default'), 'required when validRange is defined');
    return;
  }
  const here = at.child('validRange');
  if (min === undefined) {
    out.required(here.child('min'), 'required when validRange is defined');
    return;
  }
  const refuse = (field: string, value: string, why: string) => out.invalid(here.child(field), value, why);
  const larger = (what: string) => `${what} is larger than capacity value: ${capacity}`;
  if (compareText(min, capacity) > 0) refuse('min', min, larger('min'));
  if (compareText(standard, min) < 0) refuse('default', standard, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (compareText(min, max) > 0) refuse('max', min, `min is larger than max: ${max}`);
    if (compareText(max, capacity) > 0) refuse('max', max, larger('max'));
    if (compareText(standard, max) > 0) refuse('default', standard, `default is more than max: ${max}`);
  }
  if (step !== undefined) checkStep({ standard, min, max, step, capacity }, here.child('step'), out);
}

interface Stepped {
  readonly standard: string;
  readonly min: string;
  readonly max: string | undefined;
  readonly step: string;
  readonly capacity: string;
}

function checkStep({ standard, min, max, step, capacity }: Stepped, at: FieldPath, out: Findings): void {
  if (signOf(step) <= 0) {
    out.invalid(at, step, 'must be greater than zero');
    return;
  }
  const added = sum(min, step);
  if (compareText(added, capacity) > 0) {
    out.invalid(at, step, `one step ${added} is larger than capacity value: ${capacity}`);
  }
  for (const value of [standard, max]) {
    if (value === undefined || (wholeOf(value) - wholeOf(min)) % wholeOf(step) === 0n) continue;
    out.invalid(at, value, `value is not a multiple of a given step (${step}) from (${min})`);
  }
}

const zero: Quantity = { mantissa: 0n, scale: 0, format: 'DecimalSI' };

function sum(a: string, b: string): string {
  return formatQuantity(addQuantity(readQuantity(a) ?? zero, readQuantity(b) ?? zero));
}
