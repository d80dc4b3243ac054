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
    checkSpec(cronJob.spec, out);
    const name = cronJob.metadata?.name ?? '';
    if (name.length > maxName) {
      out.invalid(metadataPath.child('name'), name, `must be no more than ${maxName} characters`);
    }
  },
  validateUpdate: (cronJob, _old, out) => checkSpec(cronJob.spec, out),
};

/** Of a template's Job only the pods are defaulted; the rest when it becomes a Job. */
function defaultJobTemplate(spec: CronJobSpec): void {
  const own = spec.jobTemplate.spec!;
  const full = structuredClone(own);
  defaultJobSpec(full);
  own.template = full.template;
}

function checkSpec(spec: CronJobSpec | undefined, out: Findings): void {
  const at = specPath.child('schedule');
  if (!spec?.schedule) out.required(at);
  else checkSchedule(spec, out);
  checkNonNegative(spec?.startingDeadlineSeconds, specPath.child('startingDeadlineSeconds'), out);
  const policies = ['Allow', 'Forbid', 'Replace'];
  checkOneOf(spec?.concurrencyPolicy, policies, specPath.child('concurrencyPolicy'), out);
  const templateAt = specPath.child('jobTemplate', 'spec');
  const job = spec?.jobTemplate?.spec ?? { template: {} };
  if (job.manualSelector) {
    out.notSupported(templateAt.child('manualSelector'), job.manualSelector, ['nil', 'false']);
  }
  checkJobSpec(job, templateAt, out);
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkNonNegative(spec?.[field], specPath.child(field), out);
  }
}

function checkSchedule(spec: CronJobSpec, out: Findings): void {
  const at = specPath.child('schedule');
  if (spec.schedule.includes('TZ')) {
    const why = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    out.invalid(at, spec.schedule, why);
  } else {
    try {
      parseCronSchedule(spec.schedule);
    } catch (error) {
      out.invalid(at, spec.schedule, error instanceof Error ? error.message : String(error));
    }
  }
  if (spec.timeZone === undefined) return;
  const zoneAt = specPath.child('timeZone');
  if (spec.timeZone === '') out.invalid(zoneAt, '', 'timeZone must be nil or non-empty string');
  else if (spec.timeZone.toLowerCase() === 'local') {
    out.invalid(
      zoneAt,
      spec.timeZone,
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    );
  } else if (!isTimeZone(spec.timeZone))
    out.invalid(zoneAt, spec.timeZone, `unknown time zone ${spec.timeZone}`);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
