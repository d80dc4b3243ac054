import { safeEncode } from './random-names.ts';

/**
 * A short name for the content of `value`, fit for labels and names: 32 bits of FNV-1a over its JSON with
 * sorted keys, written as decimal digits in the alphabet of generated names. Of kube-controller-manager's
 * form; the digits differ from its, which hashes Go's view of the struct.
 *
 * @param collisions counted up when the name was found to be taken by other content.
 */
export function contentHash(value: unknown, collisions?: number): string {
  const text = canonicalJson(value) + (collisions ? `#${collisions}` : '');
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return safeEncode(String(hash));
}

/** JSON with sorted keys and without what says nothing: null, undefined and empty lists. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const parts = Object.entries(value)
    .filter(([, part]) => part !== null && part !== undefined && !(Array.isArray(part) && part.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`);
  return `{${parts.join()}}`;
}

/** Whether two values say the same. */
export function sameContent(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
