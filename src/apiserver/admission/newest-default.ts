import type { Stored } from '../../api/objects.ts';

/**
 * The class that one of the annotations marks as the default: the newest of several, of those made in one
 * second the first by name.
 */
export function newestDefault<T extends Stored>(
  classes: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const order = ({ metadata: a }: T, { metadata: b }: T) => {
    const [left, right] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
    if (left !== right) return left > right ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  };
  const isDefault = ({ metadata }: T) => annotations.some(key => metadata.annotations?.[key] === 'true');
  return classes.filter(isDefault).sort(order)[0];
}
