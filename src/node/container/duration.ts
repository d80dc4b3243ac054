/** Milliseconds as Go prints a duration rounded to them: `350ms`, `1.2s`, `1m2.5s`. */
export function formatSeconds(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded === 0) return '0s';
  if (rounded < 1000) return `${rounded}ms`;
  const minutes = Math.floor(rounded / 60_000);
  const seconds = (rounded % 60_000) / 1000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
