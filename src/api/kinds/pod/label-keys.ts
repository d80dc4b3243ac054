import type { LabelSelector, PodAffinityTerm, PodSpec } from '../../generated/types.ts';

type Labels = Record<string, string>;

/**
 * Turns `matchLabelKeys` and `mismatchLabelKeys` into requirements with the new pod's own label values, as the
 * API server does on create. In place.
 */
export function mergeLabelKeys(spec: PodSpec, labels: Labels): void {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  for (const affinity of [podAffinity, podAntiAffinity]) {
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      mergeTerm(term, labels);
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (podAffinityTerm) mergeTerm(podAffinityTerm, labels);
    }
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    merge(constraint.labelSelector, constraint.matchLabelKeys, 'In', labels);
  }
}

function mergeTerm(term: PodAffinityTerm, labels: Labels): void {
  merge(term.labelSelector, term.matchLabelKeys, 'In', labels);
  merge(term.labelSelector, term.mismatchLabelKeys, 'NotIn', labels);
}

function merge(
  selector: LabelSelector | undefined,
  keys: string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Labels,
): void {
  if (!selector) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }];
  }
}
