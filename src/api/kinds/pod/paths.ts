import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

export function hasBacksteps(path: string): boolean {
  return path.split('/').includes('..');
}

export function checkNoBacksteps(path: string, at: FieldPath, out: Findings): void {
  if (hasBacksteps(path)) out.invalid(at, path, "must not contain '..'");
}

/** Relative, and never upwards. */
export function checkLocalDescendingPath(path: string, at: FieldPath, out: Findings): void {
  if (path.startsWith('/')) out.invalid(at, path, 'must be a relative path');
  checkNoBacksteps(path, at, out);
}

/** The path of a file in a volume the node writes: names that begin with `..` are its own. */
export function checkLocalPath(path: string, at: FieldPath, out: Findings): void {
  checkLocalDescendingPath(path, at, out);
  if (path.startsWith('..') && !path.startsWith('../')) out.invalid(at, path, "must not start with '..'");
}
