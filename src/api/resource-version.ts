/**
 * Whether a collection at `version` shows everything that one at `other` does. Versions of one resource are whole
 * numbers that grow, and may be compared (KEP-5504); '' is before all of them.
 */
export function isAtLeast(version: string, other: string): boolean {
  return BigInt(version) >= BigInt(other);
}

/** The newest of them; '' of none. */
export function newestVersion(versions: Iterable<string>): string {
  let newest = '';
  for (const version of versions) if (!isAtLeast(newest, version)) newest = version;
  return newest;
}

/** Whether a text from outside is one. */
export function isResourceVersion(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}
