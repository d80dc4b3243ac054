import type { Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import { selects } from '../apps/workload.ts';
import { checkNonNegative, checkOptionalOneOf } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabelSelector } from '../metadata.ts';
import { checkPodTemplate, defaultPodTemplate } from '../pod/pod-template.ts';
import { checkPodFailurePolicy, checkSuccessPolicy } from './job-policies.ts';

const maxInt32 = 2 ** 31 - 1;
const maxIndexed = 100_000;

export const jobRules: KindRules<Job> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({}),
  defaults(job) {
    if (!job.spec) return;
    defaultJobSpec(job.spec);
    defaultLabels(job);
  },
  prepareForCreate(job) {
    generateSelector(job);
    defaultLabels(job);
  },
  validate(job, out) {
    checkJobSpec(job.spec ?? { template: {} }, specPath, out);
    checkJobSelector(job, out);
  },
  validateUpdate(job, old, out) {
    checkJobSpec(job.spec ?? { template: {} }, specPath, out);
    checkJobSelector(job, out);
    checkUpdate(job.spec, old.spec, isSuspended(old), out);
  },
};

/** A Job without labels has those of its pods. */
function defaultLabels(job: Job): void {
  const labels = job.spec?.template?.metadata?.labels;
  if (labels && Object.keys(job.metadata?.labels ?? {}).length === 0) {
    job.metadata = { ...job.metadata, labels: { ...labels } };
  }
}

/** Of a Job or a CronJob's template. In place. */
export function defaultJobSpec(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : maxInt32;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
  defaultPodTemplate(spec.template);
}

/** A Job's pods are found by its uid, which their labels carry; with `manualSelector` the client chooses. */
function generateSelector(job: Job): void {
  const { uid, name } = job.metadata ?? {};
  if (!job.spec || job.spec.manualSelector || !uid || !name) return;
  job.spec.template ??= {};
  job.spec.template.metadata ??= {};
  job.spec.template.metadata.labels = {
    ...job.spec.template.metadata.labels,
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  };
  job.spec.selector = {
    ...job.spec.selector,
    matchLabels: { ...job.spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
  };
}

function checkJobSelector({ spec }: Job, out: Findings): void {
  const at = specPath.child('selector');
  if (!spec?.selector) {
    out.required(at);
    return;
  }
  checkLabelSelector(spec.selector, at, out);
  const labels = spec.template?.metadata?.labels ?? {};
  if (selects(spec.selector, labels)) return;
  const here = specPath.child('template', 'metadata', 'labels');
  out.invalid(here, labels, '`selector` does not match template `labels`');
}

/** The spec without its selector, which a CronJob's template does not have. */
export function checkJobSpec(spec: JobSpec, at: FieldPath, out: Findings): void {
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
  ] as const) {
    checkNonNegative(spec[field], at.child(field), out);
  }
  checkOptionalOneOf(spec.completionMode, ['Indexed', 'NonIndexed'], at.child('completionMode'), out);
  if (spec.completionMode === 'Indexed') checkIndexed(spec, at, out);
  else
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] !== undefined)
        out.invalid(at.child(field), spec[field], 'requires indexed completion mode');
    }
  checkPodFailurePolicy(spec, at.child('podFailurePolicy'), out);
  checkSuccessPolicy(spec, at.child('successPolicy'), out);
  const replacement = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  checkOptionalOneOf(replacement, supported, at.child('podReplacementPolicy'), out);
  checkPodTemplate(spec.template ?? {}, at.child('template'), out);
  checkRestartPolicy(spec.template ?? {}, at.child('template', 'spec', 'restartPolicy'), out);
}

function checkRestartPolicy(template: PodTemplateSpec, at: FieldPath, out: Findings): void {
  const policy = template.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') out.required(at, 'valid values: "OnFailure", "Never"');
  else if (policy !== 'OnFailure' && policy !== 'Never') out.notSupported(at, policy, ['OnFailure', 'Never']);
}

function checkIndexed(spec: JobSpec, at: FieldPath, out: Findings): void {
  const { completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completions === undefined) out.required(at.child('completions'), 'when completion mode is Indexed');
  if (parallelism !== undefined && parallelism > maxIndexed) {
    const why = `must be less than or equal to ${maxIndexed} when completion mode is Indexed`;
    out.invalid(at.child('parallelism'), parallelism, why);
  }
  if (maxFailedIndexes === undefined) return;
  const here = at.child('maxFailedIndexes');
  if (backoffLimitPerIndex === undefined) {
    out.required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified');
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    out.invalid(here, maxFailedIndexes, 'must be less than or equal to completions');
  }
  if (maxFailedIndexes > maxIndexed)
    out.invalid(here, maxFailedIndexes, inclusiveRangeMessage(0, maxIndexed));
}

function isSuspended(job: Job): boolean {
  return Boolean(job.spec?.suspend) && job.status?.startTime === undefined;
}

function checkUpdate(
  spec: JobSpec | undefined,
  old: JobSpec | undefined,
  suspended: boolean,
  out: Findings,
): void {
  const elastic = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!elastic) checkImmutable(spec?.completions, old?.completions, specPath.child('completions'), out);
  checkImmutable(spec?.selector, old?.selector, specPath.child('selector'), out);
  const template = suspended ? withSchedulingOf(spec?.template, old?.template) : spec?.template;
  if (!semanticEqual(template, old?.template)) {
    out.invalid(specPath.child('template'), spec?.template, 'field is immutable');
  }
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    checkImmutable(spec?.[field], old?.[field], specPath.child(field), out);
  }
}

/** Before it first starts, a suspended Job's pods may still be directed elsewhere. */
function withSchedulingOf(
  fresh: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
): PodTemplateSpec | undefined {
  if (!fresh?.spec || !old?.spec) return fresh;
  const { affinity, nodeSelector, tolerations, schedulingGates } = old.spec;
  const { labels, annotations } = old.metadata ?? {};
  const directions = { affinity, nodeSelector, tolerations, schedulingGates };
  return {
    ...fresh,
    metadata: { ...fresh.metadata, labels, annotations },
    spec: { ...fresh.spec, ...directions },
  };
}
