/** `1,3-5` → {1, 3, 4, 5}. Indexes of `limit` and above, and what can't be read, are left out. */
export function parseIndexes(text: string | undefined, limit: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!match) continue;
    const last = Math.min(Number(match[2] ?? match[1]), limit - 1);
    for (let index = Number(match[1]); index <= last; index++) indexes.add(index);
  }
  return indexes;
}

/** {1, 3, 4, 5} → `1,3-5`. */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    // Two in a row are written apart, as kube-controller-manager does.
    parts.push(end === at ? `${sorted[at]}` : `${sorted[at]}${end === at + 1 ? ',' : '-'}${sorted[end]}`);
    at = end + 1;
  }
  return parts.join();
}
