import type { CronJob, Job } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import type { DueTimes } from './due-times.ts';

export interface DueTime {
  /** The last time at which a Job should have been started and was not; undefined: nothing is due. */
  due: number | undefined;
  /** More than a hundred times were missed. */
  tooMany: boolean;
  /** When to look again; undefined: never. */
  next: number | undefined;
}

const maxMissed = 100;

/** What is due now, from the last start (or the creation) on; not further back than the starting deadline. */
export function dueTime(cronJob: Stored<CronJob>, schedule: DueTimes, now: number): DueTime {
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  let from = timeOf(cronJob.status?.lastScheduleTime) || timeOf(cronJob.metadata.creationTimestamp);
  if (startingDeadlineSeconds !== undefined) from = Math.max(from, now - startingDeadlineSeconds * 1000);
  const first = schedule.next(from);
  const next = schedule.next(now);
  if (first === undefined || first > now) return { due: undefined, tooMany: false, next };
  const period = periodAfter(schedule, first);
  const missed = period === undefined ? 1 : Math.floor((now - first) / period) + 1;
  return { due: lastBefore(schedule, first, now, period), tooMany: missed > maxMissed, next };
}

function periodAfter(schedule: DueTimes, time: number): number | undefined {
  const second = schedule.next(time);
  return second === undefined ? undefined : second - time;
}

/** Walks to the last due time up to `now`, from near its end where the way would be long. */
function lastBefore(schedule: DueTimes, first: number, now: number, period: number | undefined): number {
  let last = first;
  if (period !== undefined && now - first > maxMissed * period) {
    last = schedule.next(now - 10 * period) ?? first;
    if (last > now) last = first;
  }
  for (;;) {
    const next = schedule.next(last);
    if (next === undefined || next > now) return last;
    last = next;
  }
}

export function isFinishedJob({ status }: Job): 'Complete' | 'Failed' | undefined {
  const found = status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return found?.type as 'Complete' | 'Failed' | undefined;
}

/** The finished Jobs beyond what is to be kept, oldest first. */
export function expiredJobs({ spec }: CronJob, jobs: readonly Stored<Job>[]): Stored<Job>[] {
  const limits = [
    ['Complete', spec?.successfulJobsHistoryLimit ?? 3],
    ['Failed', spec?.failedJobsHistoryLimit ?? 1],
  ] as const;
  return limits.flatMap(([type, limit]) => {
    const finished = jobs.filter(job => isFinishedJob(job) === type).sort(byStart);
    return finished.slice(0, Math.max(0, finished.length - limit));
  });
}

function byStart(a: Stored<Job>, b: Stored<Job>): number {
  return startOf(a) - startOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function startOf({ status, metadata }: Stored<Job>): number {
  return timeOf(status?.startTime) || timeOf(metadata.creationTimestamp);
}

/** The name of the Job of a due time: the same every time it is asked for, so that none is started twice. */
export function jobName({ metadata }: Stored<CronJob>, due: number): string {
  return `${metadata.name.slice(0, 52)}-${Math.floor(due / 60_000)}`;
}
