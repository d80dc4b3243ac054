import { fn, type Overload } from '../signatures.ts';

/** A key as a step of a JSON pointer. */
export const jsonPatchLibrary: readonly Overload[] = [
  fn(
    'jsonpatch.escapeKey(string): string',
    (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
    (key: string) => Math.max(1, Math.ceil(key.length / 10)),
  ),
];
