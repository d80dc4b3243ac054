import type { JobSpec, PodFailurePolicyRule } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const maxRules = 20;
const maxValues = 255;

export function checkPodFailurePolicy(spec: JobSpec, at: FieldPath, out: Findings): void {
  const policy = spec.podFailurePolicy;
  if (!policy) return;
  const rulesAt = at.child('rules');
  const rules = policy.rules ?? [];
  if (rules.length > maxRules) out.tooMany(rulesAt, rules.length, maxRules);
  if (spec.template?.spec?.restartPolicy !== 'Never') {
    const why = 'only "Never" is supported when podFailurePolicy is specified';
    out.invalid(at.child('restartPolicy'), spec.template?.spec?.restartPolicy, why);
  }
  const containers = [
    ...(spec.template?.spec?.containers ?? []),
    ...(spec.template?.spec?.initContainers ?? []),
  ];
  const names = new Set(containers.map(container => container.name));
  rules.forEach((rule, i) => {
    checkRule(rule, spec, names, rulesAt.index(i), out);
  });
}

function checkRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  containers: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  if (!rule.action)
    out.required(at.child('action'), `valid values: ${actions.map(a => `"${a}"`).join(', ')}`);
  else if (!actions.includes(rule.action)) out.notSupported(at.child('action'), rule.action, actions);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    out.invalid(at.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set');
  }
  const { onExitCodes, onPodConditions } = rule;
  if (onExitCodes && onPodConditions?.length) {
    out.invalid(at, '', 'specifying both OnExitCodes and OnPodConditions is not supported');
  }
  if (!onExitCodes && !onPodConditions?.length) {
    out.invalid(at, '', 'specifying one of OnExitCodes and OnPodConditions is required');
  }
  if (onExitCodes) checkExitCodes(onExitCodes, containers, at.child('onExitCodes'), out);
  (onPodConditions ?? []).forEach((pattern, i) => {
    const here = at.child('onPodConditions').index(i);
    out.invalidAll(here.child('type'), pattern.type, qualifiedNameErrors(pattern.type ?? ''));
    if (!['True', 'False', 'Unknown'].includes(pattern.status ?? '')) {
      out.notSupported(here.child('status'), pattern.status ?? '', ['False', 'True', 'Unknown']);
    }
  });
}

function checkExitCodes(
  codes: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  containers: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  if (codes.operator !== 'In' && codes.operator !== 'NotIn') {
    out.notSupported(at.child('operator'), codes.operator ?? '', ['In', 'NotIn']);
  }
  if (codes.containerName !== undefined && !containers.has(codes.containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    out.invalid(at.child('containerName'), codes.containerName, why);
  }
  const values = codes.values ?? [];
  if (values.length === 0) out.invalid(at.child('values'), values, 'at least one value is required');
  else if (values.length > maxValues) out.tooMany(at.child('values'), values.length, maxValues);
  const seen = new Set<number>();
  values.slice(0, maxValues).forEach((value, i) => {
    const here = at.child('values').index(i);
    if (codes.operator === 'In' && value === 0) out.invalid(here, value, 'must not be 0 for the In operator');
    if (seen.has(value)) out.duplicate(here, value);
    seen.add(value);
  });
}

export function checkSuccessPolicy(spec: JobSpec, at: FieldPath, out: Findings): void {
  const policy = spec.successPolicy;
  if (!policy) return;
  if (spec.completionMode !== 'Indexed') {
    out.invalid(at, policy, 'requires indexed completion mode');
    return;
  }
  const rules = policy.rules ?? [];
  const rulesAt = at.child('rules');
  if (rules.length === 0) out.required(rulesAt, 'at least one rules must be specified');
  if (rules.length > maxRules) out.tooMany(rulesAt, rules.length, maxRules);
  rules.forEach((rule, i) => {
    const here = rulesAt.index(i);
    if (rule.succeededCount === undefined && rule.succeededIndexes === undefined) {
      out.required(here, 'at least one of succeededCount or succeededIndexes must be specified');
    }
    if (rule.succeededCount !== undefined && rule.succeededCount > (spec.completions ?? 0)) {
      const why = `must be less than or equal to ${spec.completions} (the number of specified completions)`;
      out.invalid(here.child('succeededCount'), rule.succeededCount, why);
    }
  });
}
