import type { Job, JobStatus } from '../../generated/types.ts';
import { parseTime } from '../../time.ts';
import { checkNonNegative } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { statusPath } from '../field-path.ts';
import { type Findings, omitted } from '../findings.ts';
import { countIndexes, firstOverlap } from './indexes.ts';

/** A Job with its status, before or after, and what of it is decided. */
class View {
  readonly status: JobStatus;
  readonly completed: string;
  readonly failedIndexes: string | undefined;

  constructor({ status }: Job) {
    this.status = status ?? {};
    this.completed = this.status.completedIndexes ?? '';
    this.failedIndexes = this.status.failedIndexes;
  }

  is(type: string): boolean {
    return (this.status.conditions ?? []).some(each => each.type === type && each.status === 'True');
  }

  get finished(): boolean {
    return this.is('Complete') || this.is('Failed');
  }

  get uncounted(): number {
    const { succeeded = [], failed = [] } = this.status.uncountedTerminatedPods ?? {};
    return succeeded.length + failed.length;
  }
}

const conditionsAt = statusPath.child('conditions');

/**
 * What a status update says of a Job. Since other controllers may keep Jobs, too, what is decided stays decided;
 * fields that are as they were are let be (upstream: pkg/registry/batch/job/strategy.go).
 */
export function checkJobStatus(job: Job, old: Job, out: Findings): void {
  const [now, was] = [new View(job), new View(old)];
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
    checkNonNegative(now.status[field], statusPath.child(field), out);
  }
  checkUncounted(now.status, out);
  checkEnd(now, was, out);
  checkTimes(now, was, out);
  checkFinished(now, was, out);
  checkIndexes(job, now, was, out);
  checkSuccess(job, now, was, out);
  checkTransition(job, now, was, out);
}

function checkUncounted({ uncountedTerminatedPods }: JobStatus, out: Findings): void {
  const seen = new Set<string>();
  for (const kind of ['succeeded', 'failed'] as const) {
    (uncountedTerminatedPods?.[kind] ?? []).forEach((uid, i) => {
      const at = statusPath.child('uncountedTerminatedPods', kind).index(i);
      if (uid === '') out.invalid(at, uid, 'must not be empty');
      else if (seen.has(uid)) out.duplicate(at, uid);
      seen.add(uid);
    });
  }
}

/** Conditions that cannot be true together, or not without another one. */
function checkEnd(now: View, was: View, out: Findings): void {
  const changed = (...types: string[]) => types.some(type => now.is(type) !== was.is(type));
  const refuse = (why: string) => out.invalid(conditionsAt, omitted, why);
  if (changed('Complete', 'Failed') && now.is('Complete') && now.is('Failed')) {
    refuse('cannot set Complete=True and Failed=true conditions');
  }
  if (changed('Complete', 'FailureTarget') && now.is('Complete') && now.is('FailureTarget')) {
    refuse('cannot set Complete=True and FailureTarget=true conditions');
  }
  if (changed('Failed', 'FailureTarget') && now.is('Failed') && !now.is('FailureTarget')) {
    refuse('cannot set Failed=True condition without the FailureTarget=true condition');
  }
  if (changed('Complete', 'SuccessCriteriaMet') && now.is('Complete') && !now.is('SuccessCriteriaMet')) {
    refuse('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  }
}

function checkTimes(now: View, was: View, out: Findings): void {
  const { startTime, completionTime } = now.status;
  const at = statusPath.child('completionTime');
  const completed = now.is('Complete') !== was.is('Complete') || completionTime !== was.status.completionTime;
  if (completed && completionTime && !now.is('Complete')) {
    const why = 'cannot set completionTime when there is no Complete=True condition';
    out.invalid(at, completionTime, why);
  }
  if (completed && !completionTime && now.is('Complete')) {
    out.required(at, 'completionTime is required for Complete jobs');
  }
  const moved = startTime !== was.status.startTime || completionTime !== was.status.completionTime;
  if (moved && startTime && completionTime && isBefore(completionTime, startTime)) {
    out.invalid(at, completionTime, 'completionTime cannot be set before startTime');
  }
}

function isBefore(time: string, other: string): boolean {
  return (parseTime(time) ?? 0) < (parseTime(other) ?? 0);
}

/** Nothing runs, and nothing is left to count, when a Job is over. */
function checkFinished(now: View, was: View, out: Findings): void {
  const { active = 0, ready, terminating = 0, startTime } = now.status;
  const changed = (field: 'active' | 'ready' | 'terminating' | 'startTime') =>
    now.status[field] !== was.status[field];
  const ended = now.finished !== was.finished;
  if (now.finished) {
    if ((ended || changed('active')) && active > 0) {
      out.invalid(statusPath.child('active'), active, 'active>0 is invalid for finished job');
    }
    if ((ended || changed('startTime')) && !startTime) {
      out.required(statusPath.child('startTime'), 'startTime is required for finished job');
    }
    const { uncountedTerminatedPods: uncounted } = now.status;
    const recounted = !semanticEqual(uncounted, was.status.uncountedTerminatedPods);
    if ((ended || recounted) && now.uncounted > 0) {
      const why = 'uncountedTerminatedPods needs to be empty for finished job';
      out.invalid(statusPath.child('uncountedTerminatedPods'), uncounted, why);
    }
    if ((ended || changed('terminating')) && terminating > 0) {
      out.invalid(statusPath.child('terminating'), terminating, 'terminating>0 is invalid for finished job');
    }
  }
  if ((changed('ready') || changed('active')) && ready !== undefined && ready > active) {
    out.invalid(statusPath.child('ready'), ready, 'cannot set more ready pods than active');
  }
}

function checkIndexes({ spec }: Job, now: View, was: View, out: Findings): void {
  const { completions, completionMode, backoffLimitPerIndex } = spec ?? {};
  const { completed, failedIndexes: failed } = now;
  const [completedAt, failedAt] = [statusPath.child('completedIndexes'), statusPath.child('failedIndexes')];
  const completedChanged = completed !== was.completed;
  const failedChanged = failed !== was.failedIndexes;
  if (completedChanged && completions !== undefined) {
    const read = countIndexes(completed, completions);
    if ('error' in read) out.invalid(completedAt, completed, `error parsing completedIndexes: ${read.error}`);
  }
  if (
    failedChanged &&
    completions !== undefined &&
    backoffLimitPerIndex !== undefined &&
    failed !== undefined
  ) {
    const read = countIndexes(failed, completions);
    if ('error' in read) out.invalid(failedAt, failed, `error parsing failedIndexes: ${read.error}`);
  }
  if (completedChanged && completed !== '' && completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    out.invalid(completedAt, completed, why);
  }
  if (failedChanged && backoffLimitPerIndex === undefined && failed !== undefined) {
    out.invalid(failedAt, failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  }
  if (!(failedChanged || completedChanged) || completions === undefined || failed === undefined) return;
  const both = firstOverlap(completed, failed, completions);
  if (both === undefined) return;
  out.invalid(failedAt, failed, `failedIndexes and completedIndexes overlap at index: ${both}`);
}

function checkSuccess({ spec }: Job, now: View, was: View, out: Findings): void {
  const refuse = (why: string) => out.invalid(conditionsAt, omitted, why);
  const met = now.is('SuccessCriteriaMet');
  if (met && now.is('Failed')) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met && now.is('FailureTarget')) {
    refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  }
  if (spec?.successPolicy && !met && now.is('Complete')) {
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
  if (was.is('SuccessCriteriaMet') && !met) refuse('cannot disable the SuccessCriteriaMet=True condition');
  if (was.is('Complete') && !was.is('SuccessCriteriaMet') && met) {
    refuse('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  }
}

/** What may only be set, or only grow. */
function checkTransition({ spec }: Job, now: View, was: View, out: Findings): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (!was.is(type) || now.is(type)) continue;
    out.invalid(conditionsAt, omitted, `cannot disable the terminal ${type}=True condition`);
  }
  // Jobs that can be made smaller lose indexes that succeeded.
  const elastic = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const field of elastic ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const count = now.status[field] ?? 0;
    if (count >= (was.status[field] ?? 0)) continue;
    out.invalid(statusPath.child(field), count, `cannot decrease the ${field} counter`);
  }
  const { startTime, completionTime } = now.status;
  if (completionTime && was.status.completionTime && completionTime !== was.status.completionTime) {
    out.invalid(statusPath.child('completionTime'), completionTime, 'completionTime cannot be mutated');
  }
  // A Job that goes on after it was suspended starts anew.
  const restarts = spec?.suspend || was.is('Suspended');
  if (was.status.startTime && startTime !== was.status.startTime && !restarts) {
    out.required(statusPath.child('startTime'), 'startTime cannot be removed for unsuspended job');
  }
}
