import { baselineChecks, overlappingChecks } from './baseline.ts';
import type { CheckedPod, Violation } from './check.ts';
import type { LevelVersion } from './levels.ts';
import { restrictedChecks } from './restricted.ts';

const upToBaseline = [...baselineChecks, ...overlappingChecks];
const upToRestricted = [...baselineChecks, ...restrictedChecks];

/** What the pod does that the level forbids (upstream: k8s.io/pod-security-admission/policy). */
export function violations(pod: CheckedPod, { level, minor }: LevelVersion): Violation[] {
  if (level === 'privileged') return [];
  const version = minor ?? Number.POSITIVE_INFINITY;
  const checks = level === 'baseline' ? upToBaseline : upToRestricted;
  return checks.flatMap(check => check(pod, version) ?? []);
}

/** `host namespaces (hostNetwork=true), privileged (container "c" must not …)` */
export function violationsText(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}
