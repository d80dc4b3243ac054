import type { CronJob, CronJobSpec } from '../../generated/types.ts';
import { checkNonNegative, checkOneOf } from '../checks.ts';
import { metadataPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { parseCronSchedule } from './cron-schedule.ts';
import { checkJobSpec, defaultJobSpec } from './job.ts';

/** A Job's name is the CronJob's and 11 characters more. */
const maxName = 52;

export const cronJobRules: KindRules<CronJob> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({}),
  defaults({ spec }) {
    if (!spec) return;
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec) defaultJobTemplate(spec);
  },
  validate(cronJob, out) {
    checkSpec(cronJob.spec, undefined, out);
    const name = cronJob.metadata?.name ?? '';
    if (name.length > maxName) {
      out.invalid(metadataPath.child('name'), name, `must be no more than ${maxName} characters`);
    }
  },
  validateUpdate: (cronJob, old, out) => checkSpec(cronJob.spec, old.spec, out),
};

/** Of a template's Job only the pods are defaulted; the rest when it becomes a Job. */
function defaultJobTemplate(spec: CronJobSpec): void {
  const own = spec.jobTemplate.spec!;
  const full = structuredClone(own);
  defaultJobSpec(full);
  own.template = full.template;
}

function checkSpec(spec: CronJobSpec | undefined, old: CronJobSpec | undefined, out: Findings): void {
  if (!spec?.schedule) out.required(specPath.child('schedule'));
  else checkSchedule(spec, old, out);
  checkNonNegative(spec?.startingDeadlineSeconds, specPath.child('startingDeadlineSeconds'), out);
  if (!old || old.timeZone !== spec?.timeZone) checkTimeZone(spec?.timeZone, out);
  const policies = ['Allow', 'Forbid', 'Replace'];
  checkOneOf(spec?.concurrencyPolicy, policies, specPath.child('concurrencyPolicy'), out);
  const templateAt = specPath.child('jobTemplate', 'spec');
  const job = spec?.jobTemplate?.spec ?? { template: {} };
  checkJobSpec(job, templateAt, out);
  if (job.selector) {
    out.invalid(templateAt.child('selector'), job.selector, '`selector` will be auto-generated');
  }
  if (job.manualSelector) {
    out.notSupported(templateAt.child('manualSelector'), job.manualSelector, ['nil', 'false']);
  }
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkNonNegative(spec?.[field], specPath.child(field), out);
  }
}

const zonePrefix = /^(?:CRON_)?TZ=\S* +/;

function checkSchedule(
  { schedule, timeZone }: CronJobSpec,
  old: CronJobSpec | undefined,
  out: Findings,
): void {
  const at = specPath.child('schedule');
  try {
    parseCronSchedule(schedule.replace(zonePrefix, ''));
  } catch (error) {
    out.invalid(at, schedule, error instanceof Error ? error.message : String(error));
  }
  if (!schedule.includes('TZ')) return;
  // CronJobs that have a zone there keep it.
  if (!old?.schedule?.includes('TZ')) {
    out.invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  } else if (timeZone !== undefined) {
    out.invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule');
  }
}

/** A part of a zone's name, by the rules of its database. */
const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/;

function checkTimeZone(zone: string | undefined, out: Findings): void {
  if (zone === undefined) return;
  const at = specPath.child('timeZone');
  const wrong = (part: string) => /^\.\.?$|^-/.test(part) || !zonePart.test(part);
  if (zone === '') out.invalid(at, '', 'timeZone must be nil or non-empty string');
  else if (zone.split('/').some(wrong)) out.invalid(at, zone, `unknown time zone ${zone}`);
  else if (zone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    out.invalid(at, zone, why);
  } else if (!isTimeZone(zone)) out.invalid(at, zone, `unknown time zone ${zone}`);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
