import type { Affinity, Container, Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts';
import { labelErrors } from '../../names.ts';
import { selects } from '../apps/workload.ts';
import { checkDomainPrefixedPath, checkNonNegative, checkOptionalOneOf } from '../checks.ts';
import { type FieldPath, metadataPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabelSelector } from '../metadata.ts';
import { checkPodTemplate, defaultPodTemplate } from '../pod/pod-template.ts';
import { checkPodFailurePolicy, checkSuccessPolicy } from './job-policies.ts';
import { checkJobStatus } from './job-status.ts';

const maxInt32 = 2 ** 31 - 1;
const maxIndexed = 100_000;
const maxManagedBy = 63;
/** Above so many completions, a backoff limit for each index needs tighter bounds. */
const manyCompletions = 100_000;
const maxOfMany = 10_000;

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
  validate: (job, out) => checkJob(job, ownLabels, out),
  validateUpdate(job, old, out) {
    // Jobs from before the labels had a prefix live on without them.
    const had = old.spec?.template?.metadata?.labels ?? {};
    const prefixed = jobNameLabel in had && controllerUidLabel in had;
    checkJob(job, prefixed ? ownLabels : legacyLabels, out);
    checkUpdate(job.spec, old.spec, isSuspended(old), out);
  },
  validateStatusUpdate: checkJobStatus,
};

const jobNameLabel = 'batch.kubernetes.io/job-name';
const controllerUidLabel = 'batch.kubernetes.io/controller-uid';
/** By what a Job finds its pods: the label, and the field of the metadata it holds. */
type OwnLabels = Readonly<Record<string, 'name' | 'uid'>>;
const legacyLabels: OwnLabels = { 'controller-uid': 'uid', 'job-name': 'name' };
const ownLabels: OwnLabels = { ...legacyLabels, [controllerUidLabel]: 'uid', [jobNameLabel]: 'name' };

function checkJob(job: Job, labels: OwnLabels, out: Findings): void {
  checkGenerated(job, labels, out);
  checkJobSpec(job.spec ?? { template: {} }, specPath, out);
  checkJobSelector(job, out);
  const { completionMode, completions = 0 } = job.spec ?? {};
  if (completionMode !== 'Indexed' || completions <= 0) return;
  const name = job.metadata?.name ?? '';
  const hostname = `${name}-${completions - 1}`;
  if (labelErrors(hostname).length === 0) return;
  const why = `will not able to create pod with invalid DNS label: ${hostname}`;
  out.invalid(metadataPath.child('name'), name, why);
}

/** Unless the client chooses the selector, it and the labels are those that were generated. */
function checkGenerated({ metadata, spec }: Job, labels: OwnLabels, out: Findings): void {
  if (spec?.manualSelector || !spec?.selector) return;
  if (!metadata?.uid) out.required(metadataPath.child('uid'));
  const given = spec.template?.metadata?.labels ?? {};
  const expected: Record<string, string> = {};
  for (const [label, field] of Object.entries(labels)) {
    const value = metadata?.[field] ?? '';
    expected[label] = value;
    const at = specPath.child('template', 'metadata', 'labels').key(label);
    if (!(label in given)) out.required(at, `must be '${value}'`);
    else if (given[label] !== value) out.invalid(at, given, `must be '${value}'`);
  }
  if (selects(spec.selector, expected)) return;
  out.invalid(specPath.child('selector'), spec.selector, '`selector` not auto-generated');
}

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
  // What the client set stays, for validation to refuse.
  job.spec.template.metadata.labels = {
    ...Object.fromEntries(Object.entries(ownLabels).map(([label, field]) => [label, { name, uid }[field]])),
    ...job.spec.template.metadata.labels,
  };
  job.spec.selector = {
    ...job.spec.selector,
    matchLabels: { [controllerUidLabel]: uid, ...job.spec.selector?.matchLabels },
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
    'maxFailedIndexes',
  ] as const) {
    checkNonNegative(spec[field], at.child(field), out);
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    out.required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified');
  }
  checkManagedBy(spec, at.child('managedBy'), out);
  checkOptionalOneOf(spec.completionMode, ['NonIndexed', 'Indexed'], at.child('completionMode'), out);
  if (spec.completionMode === 'Indexed') checkIndexed(spec, at, out);
  else if (spec.completionMode === undefined || spec.completionMode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] === undefined) continue;
      out.invalid(at.child(field), spec[field], 'requires indexed completion mode');
    }
  }
  checkPodFailurePolicy(spec, at.child('podFailurePolicy'), out);
  checkSuccessPolicy(spec, at.child('successPolicy'), out);
  const replacement = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  checkOptionalOneOf(replacement, supported, at.child('podReplacementPolicy'), out);
  checkPodTemplate(spec.template ?? {}, at.child('template'), out);
  checkRestartPolicy(spec, at.child('template', 'spec', 'restartPolicy'), out);
}

function checkManagedBy({ managedBy }: JobSpec, at: FieldPath, out: Findings): void {
  if (managedBy === undefined) return;
  checkDomainPrefixedPath(managedBy, at, out);
  if (Buffer.byteLength(managedBy) > maxManagedBy) out.tooLong(at, maxManagedBy);
}

function checkRestartPolicy({ template, podFailurePolicy }: JobSpec, at: FieldPath, out: Findings): void {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') out.required(at, 'valid values: "OnFailure", "Never"');
  else if (policy !== 'OnFailure' && policy !== 'Never') out.notSupported(at, policy, ['OnFailure', 'Never']);
  else if (podFailurePolicy && policy !== 'Never') {
    out.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

function checkIndexed(spec: JobSpec, at: FieldPath, out: Findings): void {
  const { completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completions === undefined) out.required(at.child('completions'), 'when completion mode is Indexed');
  const refuse = (field: 'parallelism' | 'maxFailedIndexes', why: string) =>
    out.invalid(at.child(field), spec[field], why);
  const over = (value: number | undefined, limit: number) => value !== undefined && value > limit;
  if (over(parallelism, maxIndexed)) {
    refuse('parallelism', `must be less than or equal to ${maxIndexed} when completion mode is Indexed`);
  }
  if (completions !== undefined && over(maxFailedIndexes, completions)) {
    refuse('maxFailedIndexes', 'must be less than or equal to completions');
  }
  if (over(maxFailedIndexes, maxIndexed)) {
    refuse('maxFailedIndexes', `must be less than or equal to ${maxIndexed}`);
  }
  if (!over(completions, manyCompletions) || backoffLimitPerIndex === undefined) return;
  if (maxFailedIndexes === undefined) {
    const why = `must be specified when completions is above ${manyCompletions}`;
    out.required(at.child('maxFailedIndexes'), why);
  }
  for (const field of ['parallelism', 'maxFailedIndexes'] as const) {
    if (!over(spec[field], maxOfMany)) continue;
    const when = `when completions are above ${manyCompletions} and used with backoff limit per index`;
    refuse(field, `must be less than or equal to ${maxOfMany} ${when}`);
  }
}

/** Suspended, and without a pod since it was, or since ever. */
function isSuspended({ spec, status }: Job): boolean {
  if (!spec?.suspend || status?.active) return false;
  const told = (status?.conditions ?? []).some(
    ({ type, status }) => type === 'Suspended' && status === 'True',
  );
  return status?.startTime === undefined || told;
}

function checkUpdate(
  spec: JobSpec | undefined,
  old: JobSpec | undefined,
  suspended: boolean,
  out: Findings,
): void {
  checkCompletions(spec, old, out);
  checkImmutable(spec?.selector, old?.selector, specPath.child('selector'), out);
  const template = suspended ? withPlacementOf(old?.template, spec?.template) : old?.template;
  checkImmutable(spec?.template, template, specPath.child('template'), out);
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

function checkCompletions(spec: JobSpec | undefined, old: JobSpec | undefined, out: Findings): void {
  const at = specPath.child('completions');
  const [now, was] = [spec?.completions, old?.completions];
  if (spec?.completionMode !== 'Indexed') checkImmutable(now, was, at, out);
  else if (now !== undefined && now !== was && now !== spec.parallelism) {
    out.invalid(at, now, 'can only be modified in tandem with spec.parallelism');
  }
}

/** While a Job is suspended its pods may be directed elsewhere, and get other resources. */
function withPlacementOf(
  old: PodTemplateSpec | undefined,
  fresh: PodTemplateSpec | undefined,
): PodTemplateSpec | undefined {
  if (!fresh?.spec || !old?.spec) return old;
  const { nodeSelector, tolerations, schedulingGates, affinity } = fresh.spec;
  const { labels, annotations } = fresh.metadata ?? {};
  return {
    ...old,
    metadata: { ...old.metadata, ...{ labels, annotations } },
    spec: {
      ...old.spec,
      ...{ nodeSelector, tolerations, schedulingGates },
      affinity: withNodeAffinityOf(old.spec.affinity, affinity),
      containers: withResourcesOf(old.spec.containers, fresh.spec.containers),
      initContainers: withResourcesOf(old.spec.initContainers, fresh.spec.initContainers),
    },
  } as PodTemplateSpec;
}

function withNodeAffinityOf(old: Affinity | undefined, fresh: Affinity | undefined): Affinity {
  const { nodeAffinity: _, ...rest } = old ?? {};
  return fresh?.nodeAffinity ? { ...rest, nodeAffinity: fresh.nodeAffinity } : rest;
}

function withResourcesOf(old: Container[] | undefined, fresh: Container[] | undefined): Container[] {
  return (old ?? []).map((container, i) => ({ ...container, resources: fresh?.[i]?.resources }) as Container);
}
