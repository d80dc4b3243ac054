import type { Container, Job, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { controllerReference } from '../ownership/controller-ref.ts';
import { podFromTemplate } from '../pods/pod-from-template.ts';
import { generateName } from '../random-names.ts';
import { resources } from '../resources.ts';

/** Keeps a finished pod until the Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexKey = 'batch.kubernetes.io/job-completion-index';
const failuresKey = 'batch.kubernetes.io/job-index-failure-count';
const ignoredFailuresKey = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed';
}

/** The pod's completion index; undefined where it has none. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata?.annotations?.[indexKey] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** How often this index had failed before this pod. */
export function indexFailures({ metadata }: Pod): number {
  return Number(metadata?.annotations?.[failuresKey] ?? 0) || 0;
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

/** @param at of an indexed Job: the index, and how often it has failed. */
export function jobPod(job: Stored<Job>, at?: { index: number; failures: number }): Pod {
  const owner = controllerReference(job, resources.jobs);
  const pod = podFromTemplate(job.spec?.template, { namespace: job.metadata.namespace ?? '', owner });
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (!at) return pod;
  const index = String(at.index);
  const base = `${job.metadata.name}-${index}-`;
  pod.metadata.name = generateName(base);
  pod.metadata.generateName = base;
  pod.metadata.labels = { ...pod.metadata.labels, [indexKey]: index };
  pod.metadata.annotations = { ...pod.metadata.annotations, [indexKey]: index };
  if (job.spec?.backoffLimitPerIndex !== undefined) {
    pod.metadata.annotations[failuresKey] = String(at.failures);
    pod.metadata.annotations[ignoredFailuresKey] = '0';
  }
  pod.spec.hostname = `${job.metadata.name}-${index}`.slice(0, 63);
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers])
    addIndexEnv(container);
  return pod;
}

function addIndexEnv(container: Container): void {
  const name = 'JOB_COMPLETION_INDEX';
  if (container.env?.some(variable => variable.name === name)) return;
  const fieldRef = { fieldPath: `metadata.labels['${indexKey}']` };
  container.env = [...(container.env ?? []), { name, valueFrom: { fieldRef } }];
}
