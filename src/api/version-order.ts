const kubeVersion = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;
const stages: Record<string, number> = { alpha: 0, beta: 1 };

/**
 * Orders API versions, the best first: v10, v2, v1, v11beta2, v10beta3, v3beta1, v12alpha1, foo1 (upstream's
 * CompareKubeAwareVersionStrings, turned round).
 */
export function byVersion(a: string, b: string): number {
  const left = rank(a);
  const right = rank(b);
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : Number(a > b);
  for (const [at, value] of left.entries()) if (value !== right[at]) return right[at]! - value;
  return 0;
}

/** Stage, major, minor; undefined for names of another form. */
function rank(version: string): [number, number, number] | undefined {
  const parts = kubeVersion.exec(version);
  if (!parts) return undefined;
  return [stages[parts[2] ?? ''] ?? 2, Number(parts[1]), Number(parts[3] ?? 0)];
}
