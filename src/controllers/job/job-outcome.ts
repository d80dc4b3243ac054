import type { Job, JobCondition } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime, timeOf } from '../../api/time.ts';
import { findCondition } from '../conditions.ts';
import { restarts } from '../pods/pod-state.ts';
import { parseIndexes } from './index-set.ts';
import type { Account } from './job-accounting.ts';
import { isIndexed } from './job-pod.ts';

/** How a Job ends, decided but not yet final while pods are still running down. */
export interface Outcome {
  type: 'SuccessCriteriaMet' | 'FailureTarget';
  reason: string;
  message: string;
}

const completionsReached: Outcome = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};
const failure = (reason: string, message: string): Outcome => ({ type: 'FailureTarget', reason, message });

/** Whether it is decided how the Job ends; undefined while it goes on. */
export function outcomeOf(job: Stored<Job>, account: Account, now: number): Outcome | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const decided = findCondition(job.status?.conditions, type);
    if (decided?.status === 'True') {
      return { type, reason: decided.reason ?? '', message: decided.message ?? '' };
    }
  }
  if (account.failJob) return failure('PodFailurePolicy', account.failJob);
  return failedOutcome(job, account, now) ?? policyOutcome(job, account) ?? completedOutcome(job, account);
}

function failedOutcome(job: Stored<Job>, account: Account, now: number): Outcome | undefined {
  const { backoffLimit, maxFailedIndexes, backoffLimitPerIndex, completions = 0 } = job.spec ?? {};
  const limit = backoffLimit ?? (backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  if (account.failed > limit || restartsExceed(job, account, limit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = deadlineOf(job);
  if (deadline !== undefined && deadline <= now) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  if (backoffLimitPerIndex === undefined) return undefined;
  const failed = account.failedIndexes.size;
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return failure(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    );
  }
  if (failed > 0 && failed + account.completedIndexes.size >= completions) {
    return failure('FailedIndexes', 'Job has failed indexes');
  }
  return undefined;
}

/** Pods that restart by themselves count by their restarts. */
function restartsExceed({ spec }: Job, { active }: Account, limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const sum = active.reduce((total, pod) => total + restarts(pod), 0);
  return limit === 0 ? sum > 0 : sum >= limit;
}

/** When a running Job runs into its deadline, milliseconds since the epoch. */
export function deadlineOf({ spec, status }: Job): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || spec.suspend || !status?.startTime) return undefined;
  return timeOf(status.startTime) + spec.activeDeadlineSeconds * 1000;
}

function policyOutcome(job: Stored<Job>, { completedIndexes }: Account): Outcome | undefined {
  if (!isIndexed(job)) return undefined;
  for (const [index, rule] of (job.spec?.successPolicy?.rules ?? []).entries()) {
    const { succeededIndexes, succeededCount } = rule;
    const limit = job.spec?.completions ?? 0;
    const asked = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, limit);
    const done = asked ? [...asked].filter(one => completedIndexes.has(one)).length : completedIndexes.size;
    const wanted = succeededCount ?? asked?.size ?? Number.POSITIVE_INFINITY;
    if (done < wanted) continue;
    return {
      type: 'SuccessCriteriaMet',
      reason: 'SuccessPolicy',
      message: `Matched rules at index ${index}`,
    };
  }
  return undefined;
}

function completedOutcome({ spec }: Job, account: Account): Outcome | undefined {
  const { active, succeeded } = account;
  const complete =
    spec?.completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= spec.completions;
  return complete ? completionsReached : undefined;
}

export function isJobFinished({ status }: Job): boolean {
  return finishedCondition(status?.conditions) !== undefined;
}

export function finishedCondition(conditions: readonly JobCondition[] = []): JobCondition | undefined {
  return conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

export function jobCondition(
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  now: number,
) {
  const time = formatTime(now);
  return { type, status, reason, message, lastProbeTime: time, lastTransitionTime: time };
}
