export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which the share `at` of the values lies; nearest rank. */
export function percentile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(at * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}
