import type { Taint, Toleration } from './generated/types.ts';

/**
 * Whether one of `tolerations` tolerates `taint`. An empty key with Exists tolerates all, an empty effect
 * every effect. component-helpers' `TolerationsTolerateTaint`.
 */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(toleration => toleratesTaint(toleration, taint));
}

export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (!toleration.key && toleration.operator !== 'Exists') return false;
  return matchesValue(toleration, taint.value ?? '');
}

function matchesValue({ operator, value = '' }: Toleration, taint: string): boolean {
  switch (operator) {
    case 'Exists':
      return true;
    case 'Gt':
      return Number(taint) > Number(value);
    case 'Lt':
      return Number(taint) < Number(value);
    default:
      return taint === value;
  }
}
