/**
 * What differs between two values, one line a leaf: `- path: old` and `+ path: new`. Upstream prints Go's
 * `cmp.Diff` here, whose form is documented to be unstable.
 */
export function specDiff(old: unknown, fresh: unknown): string {
  const lines: string[] = [];
  collect(old, fresh, '', lines);
  return lines.map(line => `${line}\n`).join('');
}

function collect(old: unknown, fresh: unknown, path: string, lines: string[]): void {
  if (isTree(old) && isTree(fresh) && Array.isArray(old) === Array.isArray(fresh)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
      const step = Array.isArray(old) ? `[${key}]` : `${path && '.'}${key}`;
      collect(old[key], fresh[key], `${path}${step}`, lines);
    }
    return;
  }
  if (JSON.stringify(old) === JSON.stringify(fresh)) return;
  if (old !== undefined) lines.push(`- ${path}: ${JSON.stringify(old)}`);
  if (fresh !== undefined) lines.push(`+ ${path}: ${JSON.stringify(fresh)}`);
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
