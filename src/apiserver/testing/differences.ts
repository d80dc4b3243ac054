/**
 * Where two JSON values differ, as paths.
 * @param what 'lost': what of `expected` is not in `actual`; 'any': what is new there as well
 */
export function differences(expected: unknown, actual: unknown, what: 'lost' | 'any', path = ''): string[] {
  if (typeof expected !== 'object' || expected === null) {
    if (Object.is(expected, actual)) return [];
    return [`${path}: ${JSON.stringify(expected)} became ${JSON.stringify(actual)}`];
  }
  if (typeof actual !== 'object' || actual === null) return [`${path}: lost`];
  const found = Object.entries(expected).flatMap(([key, value]) =>
    differences(value, (actual as Record<string, unknown>)[key], what, `${path}.${key}`),
  );
  if (what === 'lost' && !Array.isArray(expected)) return found;
  const fresh = Object.keys(actual).filter(key => !Object.hasOwn(expected, key));
  return [...found, ...fresh.map(key => `${path}.${key}: new`)];
}
