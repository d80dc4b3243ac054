import type { Job, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { sortForDeletion } from '../pods/deletion-order.ts';
import type { Account } from './job-accounting.ts';
import { indexFailures, indexOf, isIndexed } from './job-pod.ts';

export interface JobPlan {
  /** Of an indexed Job the index and how often it has failed; undefined otherwise. */
  create: ({ index: number; failures: number } | undefined)[];
  delete: Stored<Pod>[];
}

/**
 * The pods to create and to delete while a Job goes on.
 *
 * @param pods all of the Job's, for how often indexes have failed.
 */
export function planJob(
  job: Stored<Job>,
  account: Account,
  pods: readonly Stored<Pod>[],
  now: number,
): JobPlan {
  if (job.spec?.suspend) return { create: [], delete: account.active };
  const doubled = isIndexed(job) ? doubledPods(account.active, account) : [];
  const active = account.active.filter(pod => !doubled.includes(pod));
  const wanted = wantedActive(job, account);
  if (active.length > wanted) {
    const order = sortForDeletion(active, () => 0, now);
    return { create: [], delete: [...doubled, ...order.slice(0, active.length - wanted)] };
  }
  const waits = job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy;
  const missing = Math.max(0, wanted - active.length - (waits ? account.terminating.length : 0));
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => undefined), delete: doubled };
  const indexes = freeIndexes(job, account, active, missing);
  const create = indexes.map(index => ({ index, failures: failuresOf(index, pods) }));
  return { create, delete: doubled };
}

function wantedActive({ spec }: Job, account: Account): number {
  const parallelism = spec?.parallelism ?? 1;
  if (spec?.completions === undefined) {
    return account.succeeded > 0 ? account.active.length : parallelism;
  }
  const left = spec.completions - account.succeeded - account.failedIndexes.size;
  return Math.max(0, Math.min(left, parallelism));
}

/** Pods whose index another one has already, or that is done with. */
function doubledPods(active: readonly Stored<Pod>[], account: Account): Stored<Pod>[] {
  const seen = new Set<number>();
  return active.filter(pod => {
    const index = indexOf(pod);
    if (index === undefined || seen.has(index) || account.failedIndexes.has(index)) return true;
    if (account.completedIndexes.has(index)) return true;
    seen.add(index);
    return false;
  });
}

function freeIndexes(job: Stored<Job>, account: Account, active: readonly Pod[], count: number): number[] {
  const busy = new Set(active.map(indexOf));
  const free: number[] = [];
  const completions = job.spec?.completions ?? 0;
  for (let index = 0; index < completions && free.length < count; index++) {
    if (busy.has(index) || account.completedIndexes.has(index) || account.failedIndexes.has(index)) continue;
    free.push(index);
  }
  return free;
}

function failuresOf(index: number, pods: readonly Stored<Pod>[]): number {
  const failed = pods.filter(pod => indexOf(pod) === index && pod.status?.phase !== 'Succeeded');
  return Math.max(0, ...failed.map(pod => indexFailures(pod) + 1));
}
