import {
  labelErrors,
  patternMessage,
  percentErrors,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
  subdomainErrors,
} from '../names.ts';
import type { FieldPath } from './field-path.ts';
import type { Findings } from './findings.ts';
import { isNegative } from './metadata.ts';

/** What is asked of a single value, whichever kind it stands in. */

export const supportedProtocols = ['SCTP', 'TCP', 'UDP'];

export function checkNonNegative(value: number | undefined, at: FieldPath, out: Findings): void {
  if (value !== undefined && value < 0) out.invalid(at, value, isNegative);
}

/** Present and one of `supported`; `required` when empty. */
export function checkOneOf(
  value: string | undefined,
  supported: readonly string[],
  at: FieldPath,
  out: Findings,
): void {
  if (!value) out.required(at);
  else if (!supported.includes(value)) out.notSupported(at, value, supported);
}

/** Absent, or one of `supported`. */
export function checkOptionalOneOf(
  value: string | undefined,
  supported: readonly string[],
  at: FieldPath,
  out: Findings,
): void {
  if (value !== undefined && !supported.includes(value)) out.notSupported(at, value, supported);
}

export function checkLabelName(value: string, at: FieldPath, out: Findings): void {
  out.invalidAll(at, value, labelErrors(value));
}

export function checkSubdomain(value: string, at: FieldPath, out: Findings): void {
  out.invalidAll(at, value, subdomainErrors(value));
}

export function checkQualifiedName(value: string, at: FieldPath, out: Findings): void {
  out.invalidAll(at, value, qualifiedNameErrors(value));
}

const pathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const pathPattern = new RegExp(`^${pathFormat}$`);

/** `example.com/path`, as controllers are named. */
export function checkDomainPrefixedPath(value: string, at: FieldPath, out: Findings): void {
  if (!value) {
    out.required(at);
    return;
  }
  const slash = value.indexOf('/');
  const [domain, path] = [value.slice(0, Math.max(0, slash)), value.slice(slash + 1)];
  if (!domain || !path) {
    out.invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")');
    return;
  }
  out.invalidAll(at, domain, subdomainErrors(domain));
  if (!pathPattern.test(path)) out.invalid(at, path, patternMessage('Invalid path', pathFormat));
}

export function checkPortNumber(value: number, at: FieldPath, out: Findings): void {
  out.invalidAll(at, value, portNumberErrors(value));
}

export function checkPortNumberOrName(port: number | string | undefined, at: FieldPath, out: Findings): void {
  if (typeof port === 'string') out.invalidAll(at, port, portNameErrors(port));
  else out.invalidAll(at, port ?? 0, portNumberErrors(port ?? 0));
}

/** An IntOrString that is a count, or a percentage. */
export function checkCountOrPercent(value: number | string | undefined, at: FieldPath, out: Findings): void {
  if (value === undefined) return;
  if (typeof value === 'string') out.invalidAll(at, value, percentErrors(value));
  else checkNonNegative(value, at, out);
}

/** The number before the percent sign, or undefined for what is no percentage. */
export function percentOf(value: number | string | undefined): number | undefined {
  if (typeof value !== 'string' || percentErrors(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}

/** Names in a list: each once. */
export class Unique {
  readonly #seen = new Set<string>();

  /** Whether `name` is new; remembers it. */
  add(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }
}
