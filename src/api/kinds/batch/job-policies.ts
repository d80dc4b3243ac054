import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { checkNonNegative } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import { type Findings, omitted } from '../findings.ts';
import { countIndexes } from './indexes.ts';

const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const maxRules = 20;
const maxValues = 255;
const maxIndexesBytes = 64 * 1024;

export function checkPodFailurePolicy(spec: JobSpec, at: FieldPath, out: Findings): void {
  const policy = spec.podFailurePolicy;
  if (!policy) return;
  const rulesAt = at.child('rules');
  const rules = policy.rules ?? [];
  if (rules.length > maxRules) out.tooMany(rulesAt, rules.length, maxRules);
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
  if (!rule.action) out.required(at.child('action'), validValues(actions));
  else if (!actions.includes(rule.action)) out.notSupported(at.child('action'), rule.action, actions);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    out.invalid(at.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set');
  }
  const { onExitCodes, onPodConditions = [] } = rule;
  if (onExitCodes) checkExitCodes(onExitCodes, containers, at.child('onExitCodes'), out);
  checkConditions(onPodConditions, at.child('onPodConditions'), out);
  if (onExitCodes && onPodConditions.length > 0) {
    out.invalid(at, omitted, 'specifying both OnExitCodes and OnPodConditions is not supported');
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    out.invalid(at, omitted, 'specifying one of OnExitCodes and OnPodConditions is required');
  }
}

function checkConditions(
  patterns: NonNullable<PodFailurePolicyRule['onPodConditions']>,
  at: FieldPath,
  out: Findings,
): void {
  if (patterns.length > maxRules) out.tooMany(at, patterns.length, maxRules);
  patterns.forEach(({ type = '', status }, i) => {
    const here = at.index(i);
    out.invalidAll(here.child('type'), type, qualifiedNameErrors(type));
    if (!status) out.required(here.child('status'), validValues(statuses));
    else if (!statuses.includes(status)) out.notSupported(here.child('status'), status, statuses);
  });
}

function checkExitCodes(
  codes: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  containers: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  const operatorAt = at.child('operator');
  if (!codes.operator) out.required(operatorAt, validValues(operators));
  else if (!operators.includes(codes.operator)) out.notSupported(operatorAt, codes.operator, operators);
  if (codes.containerName !== undefined && !containers.has(codes.containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    out.invalid(at.child('containerName'), codes.containerName, why);
  }
  const values = codes.values ?? [];
  if (values.length === 0) out.invalid(at.child('values'), values, 'at least one value is required');
  else if (values.length > maxValues) out.tooMany(at.child('values'), values.length, maxValues);
  const seen = new Set<number>();
  values.forEach((value, i) => {
    const here = at.child('values').index(i);
    if (codes.operator === 'In' && value === 0) out.invalid(here, value, 'must not be 0 for the In operator');
    if (seen.has(value)) out.duplicate(here, value);
    seen.add(value);
  });
  if (values.some((value, i) => i > 0 && values[i - 1]! > value))
    out.invalid(at.child('values'), values, 'must be ordered');
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
  if (rules.length === 0) {
    out.required(rulesAt, 'at least one rules must be specified when the successPolicy is specified');
  }
  if (rules.length > maxRules) out.tooMany(rulesAt, rules.length, maxRules);
  rules.forEach((rule, i) => {
    checkSuccessRule(rule, spec.completions ?? 0, rulesAt.index(i), out);
  });
}

function checkSuccessRule(rule: SuccessPolicyRule, completions: number, at: FieldPath, out: Findings): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined) {
    out.required(at, 'at least one of succeededCount or succeededIndexes must be specified');
  }
  let total = 0;
  if (indexes !== undefined) {
    const here = at.child('succeededIndexes');
    if (Buffer.byteLength(indexes) > maxIndexesBytes) out.tooLong(here, maxIndexesBytes);
    const read = countIndexes(indexes, completions);
    if ('error' in read) out.invalid(here, indexes, `error parsing succeededIndexes: ${read.error}`);
    else total = read.total;
  }
  if (count === undefined) return;
  const here = at.child('succeededCount');
  checkNonNegative(count, here, out);
  const limit = (most: number, of: string) => `must be less than or equal to ${most} (the number of ${of})`;
  if (count > completions) out.invalid(here, count, limit(completions, 'specified completions'));
  if (indexes !== undefined && count > total) {
    out.invalid(here, count, limit(total, 'indexes in the specified succeededIndexes field'));
  }
}

function validValues(values: readonly string[]): string {
  return `valid values: [${values.map(value => JSON.stringify(value)).join(' ')}]`;
}
