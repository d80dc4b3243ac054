let last = 0n;

/**
 * `<object>.<hex>` of a time in nanoseconds, as client-go names Events; no two of a process are the same. An
 * object's name that is too long is cut so that the whole stays a valid object name (253 characters).
 */
export function eventName(object: string, milliseconds: number): string {
  const asked = BigInt(Math.round(milliseconds * 1000)) * 1000n;
  last = asked > last ? asked : last + 1n;
  const suffix = `.${last.toString(16)}`;
  return object.slice(0, 253 - suffix.length) + suffix;
}
