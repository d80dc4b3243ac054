import type {
  ContainerStatus,
  Pod,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../api/generated/types.ts';

export interface PolicyMatch {
  action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  /** Why the Job fails, in kube-controller-manager's words; for FailJob. */
  message: string;
}

/** What the policy says of a failed pod: the first rule that matches; Count where none does. */
export function matchFailurePolicy(policy: PodFailurePolicy | undefined, pod: Pod): PolicyMatch {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const what = matchRule(rule, pod);
    if (!what) continue;
    const message = `${what} matching ${rule.action} rule at index ${index}`;
    return { action: rule.action as PolicyMatch['action'], message };
  }
  return { action: 'Count', message: '' };
}

function matchRule(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  if (rule.onExitCodes) {
    const container = failedContainer(rule.onExitCodes, pod);
    if (!container) return undefined;
    return `Container ${container.name} for pod ${name} failed with exit code ${container.state?.terminated?.exitCode}`;
  }
  for (const pattern of rule.onPodConditions ?? []) {
    const wanted = pattern.status ?? 'True';
    const found = pod.status?.conditions?.some(
      ({ type, status }) => type === pattern.type && status === wanted,
    );
    if (found) return `Pod ${name} has condition ${pattern.type}`;
  }
  return undefined;
}

function failedContainer(
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
  { status }: Pod,
): ContainerStatus | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0) return false;
    if (containerName && containerName !== name) return false;
    return values.includes(exitCode) === (operator === 'In');
  });
}
