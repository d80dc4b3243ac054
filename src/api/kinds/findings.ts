import type { FieldError } from '../status.ts';
import type { FieldPath } from './field-path.ts';

const words = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
} as const;

/** A value that is not shown: upstream's `field.OmitValueType`. */
export const omitted = Symbol('omitted');

/** A value that prints without quotes: upstream's Stringers. */
export class Printed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Collects what validation finds, in the order found, in the wording of apimachinery's `field` package. The
 * same finding is kept once, as `ErrorList.ToAggregate` does.
 */
export class Findings {
  readonly list: FieldError[] = [];
  readonly #seen = new Set<string>();

  get empty(): boolean {
    return this.list.length === 0;
  }

  required(at: FieldPath, detail = ''): void {
    this.#add('FieldValueRequired', at, undefined, detail);
  }

  /** `value` undefined prints as upstream's nil: `"null"`. */
  invalid(at: FieldPath, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', at, shown(value), detail);
  }

  typeInvalid(at: FieldPath, value: unknown, detail: string): void {
    this.#add('FieldValueTypeInvalid', at, shown(value), detail);
  }

  /** One `invalid` for each message. */
  invalidAll(at: FieldPath, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(at, value, detail);
  }

  notSupported(at: FieldPath, value: unknown, supported: readonly string[]): void {
    const list = supported.map(quote).join(', ');
    this.#add('FieldValueNotSupported', at, shown(value), list && `supported values: ${list}`);
  }

  duplicate(at: FieldPath, value: unknown, detail = ''): void {
    this.#add('FieldValueDuplicate', at, shown(value), detail);
  }

  notFound(at: FieldPath, value: unknown, detail = ''): void {
    this.#add('FieldValueNotFound', at, shown(value), detail);
  }

  forbidden(at: FieldPath, detail: string): void {
    this.#add('FieldValueForbidden', at, undefined, detail);
  }

  tooLong(at: FieldPath, maxBytes: number): void {
    this.#add('FieldValueTooLong', at, undefined, `may not be more than ${maxBytes} bytes`);
  }

  tooMany(at: FieldPath, actual: number, max: number): void {
    this.#add('FieldValueTooMany', at, String(actual), `must have at most ${max} items`);
  }

  internal(at: FieldPath, detail: string): void {
    this.#add('InternalError', at, undefined, detail);
  }

  /** A finding made elsewhere. */
  add(finding: FieldError): void {
    const key = `${finding.field}: ${finding.message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.list.push(finding);
  }

  #add(reason: keyof typeof words, at: FieldPath, value: string | undefined, detail: string): void {
    const field = at.toString();
    let message: string = words[reason];
    if (value !== undefined) message += `: ${value}`;
    if (detail !== '') message += `: ${detail}`;
    this.add({ reason, field, message });
  }
}

function shown(value: unknown): string | undefined {
  if (value === omitted) return undefined;
  if (value instanceof Printed) return value.text;
  if (value === undefined || value === null) return '"null"';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}

/** Go's `%q` for the strings the API holds. */
function quote(text: string): string {
  return JSON.stringify(text);
}
