import type { Job, JobStatus, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { isActive, isReady } from '../pods/pod-state.ts';
import { formatIndexes, parseIndexes } from './index-set.ts';
import { indexFailures, indexOf, isIndexed, isTracked } from './job-pod.ts';
import { matchFailurePolicy, type PolicyMatch } from './pod-failure-policy.ts';

/** What the pods of a Job amount to, each finished one counted once. */
export interface Account {
  active: Stored<Pod>[];
  /** On their way out, not finished. */
  terminating: Stored<Pod>[];
  /** All that have succeeded or failed, also those whose finalizer is still there. */
  succeeded: number;
  failed: number;
  completedIndexes: Set<number>;
  failedIndexes: Set<number>;
  /** Finished pods whose finalizer is to be taken off once the status that counts them is written. */
  release: Stored<Pod>[];
  uncounted: { succeeded: string[]; failed: string[] };
  /** Counted now for good. */
  counted: { succeeded: number; failed: number };
  /** When a rule of the failure policy ends the Job: why. */
  failJob?: string;
  /** Finished since the last status, oldest first. */
  news: { failed: boolean; at: number }[];
}

/** So many pods stand in `uncountedTerminatedPods` at most. */
const maxUncounted = 500;

/**
 * Counts. A finished pod first goes into `uncountedTerminatedPods`, then loses its finalizer, then moves to
 * the counters; every step is one write of the status that fails when another came first, so that nothing is
 * counted twice or lost.
 */
export function accountOf(job: Stored<Job>, pods: readonly Stored<Pod>[]): Account {
  const status = job.status ?? {};
  const limit = job.spec?.completions ?? 0;
  const account: Account = {
    active: pods.filter(isActive),
    terminating: pods.filter(pod => pod.metadata.deletionTimestamp && !isOver(pod)),
    succeeded: 0,
    failed: 0,
    completedIndexes: parseIndexes(status.completedIndexes, limit),
    failedIndexes: parseIndexes(status.failedIndexes, limit),
    release: [],
    uncounted: { succeeded: [], failed: [] },
    counted: { succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 },
    news: [],
  };
  settleUncounted(account, status, pods);
  for (const pod of pods) if (isTracked(pod)) countPod(account, job, pod);
  const { counted, uncounted } = account;
  account.succeeded = isIndexed(job)
    ? account.completedIndexes.size
    : counted.succeeded + uncounted.succeeded.length;
  account.failed = counted.failed + uncounted.failed.length;
  account.news.sort((a, b) => a.at - b.at);
  return account;
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Pods that have lost their finalizer, or are gone, move on to the counters. */
function settleUncounted(account: Account, status: JobStatus, pods: readonly Stored<Pod>[]): void {
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  for (const kind of ['succeeded', 'failed'] as const) {
    for (const uid of status.uncountedTerminatedPods?.[kind] ?? []) {
      if (tracked.has(uid)) account.uncounted[kind].push(uid);
      else account.counted[kind]++;
    }
  }
}

function countPod(account: Account, job: Stored<Job>, pod: Stored<Pod>): void {
  const { uid } = pod.metadata;
  const known = account.uncounted.succeeded.includes(uid) || account.uncounted.failed.includes(uid);
  const succeeded = pod.status?.phase === 'Succeeded';
  if (!succeeded && !hasFailed(job, pod)) return;
  if (known) {
    account.release.push(pod);
    return;
  }
  if (account.uncounted.succeeded.length + account.uncounted.failed.length >= maxUncounted) return;
  const match: PolicyMatch = succeeded
    ? { action: 'Count', message: '' }
    : matchFailurePolicy(job.spec?.podFailurePolicy, pod);
  account.release.push(pod);
  if (match.action === 'Ignore') return;
  if (match.action === 'FailJob') account.failJob ??= match.message;
  countIndex(account, job, pod, succeeded, match.action);
  account.news.push({ failed: !succeeded, at: finishedAt(pod) });
}

function countIndex(
  account: Account,
  job: Stored<Job>,
  pod: Stored<Pod>,
  succeeded: boolean,
  action: PolicyMatch['action'],
): void {
  const { uid } = pod.metadata;
  if (!isIndexed(job)) {
    account.uncounted[succeeded ? 'succeeded' : 'failed'].push(uid);
    return;
  }
  const index = indexOf(pod);
  if (index === undefined || index >= (job.spec?.completions ?? 0)) return;
  if (succeeded) {
    if (account.completedIndexes.has(index)) return;
    account.completedIndexes.add(index);
    account.uncounted.succeeded.push(uid);
    return;
  }
  account.uncounted.failed.push(uid);
  const { backoffLimitPerIndex } = job.spec ?? {};
  if (backoffLimitPerIndex === undefined) return;
  if (action === 'FailIndex' || indexFailures(pod) >= backoffLimitPerIndex) account.failedIndexes.add(index);
}

/** A pod that is being deleted has failed too, unless only what has really ended is to be replaced. */
function hasFailed({ spec }: Job, pod: Stored<Pod>): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy) return false;
  return pod.metadata.deletionTimestamp !== undefined;
}

function finishedAt({ status, metadata }: Stored<Pod>): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => timeOf(state?.terminated?.finishedAt));
  return Math.max(0, ...ends) || timeOf(metadata.deletionTimestamp) || timeOf(metadata.creationTimestamp);
}

/** The counting part of a Job's status. */
export function countsOf(job: Stored<Job>, account: Account): JobStatus {
  const { uncounted, counted, active, terminating } = account;
  return {
    active: active.length,
    ready: active.filter(isReady).length,
    terminating: terminating.length,
    succeeded: isIndexed(job)
      ? account.completedIndexes.size - uncounted.succeeded.length
      : counted.succeeded,
    failed: counted.failed,
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 && { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length > 0 && { failed: uncounted.failed }),
    },
    ...(isIndexed(job) && { completedIndexes: formatIndexes(account.completedIndexes) }),
    ...(job.spec?.backoffLimitPerIndex !== undefined && {
      failedIndexes: formatIndexes(account.failedIndexes),
    }),
  };
}
