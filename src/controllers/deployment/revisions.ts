import type { Deployment, ReplicaSet } from '../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { sameContent } from '../template-hash.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';
export const hashLabel = 'pod-template-hash';

/** Annotations of the Deployment that its ReplicaSets don't take over. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

const maxHistoryLength = 2000;

export function annotationNumber({ metadata }: KubeObject, name: string): number | undefined {
  const text = metadata?.annotations?.[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Exact up to int64, which is what the annotation may hold; 0 where it holds no number. */
export function revisionOf({ metadata }: KubeObject): bigint {
  const text = metadata?.annotations?.[revisionAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : 0n;
}

export function maxRevision(sets: readonly KubeObject[]): bigint {
  return sets.map(revisionOf).reduce((max, each) => (each > max ? each : max), 0n);
}

/** The ReplicaSet that has the Deployment's template; the oldest, should there be several. */
export function findNewSet(
  { spec }: Deployment,
  byAge: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined {
  return byAge.find(set => hasTemplate(set, spec?.template));
}

/** Whether the ReplicaSet's template is this one, its hash label aside. */
export function hasTemplate({ spec }: ReplicaSet, template: unknown): boolean {
  const { metadata, ...rest } = spec?.template ?? {};
  const { [hashLabel]: _, ...labels } = metadata?.labels ?? {};
  const plain = { ...rest, metadata: { ...metadata, labels } };
  return sameContent(withLabels(plain), withLabels(template));
}

function withLabels(template: unknown): unknown {
  const { metadata = {}, ...rest } = (template ?? {}) as { metadata?: { labels?: object } };
  return { ...rest, metadata: { ...metadata, labels: metadata.labels ?? {} } };
}

/**
 * The annotations a ReplicaSet of this Deployment should have, as the one of `revision`. Its sizes stay: they tell
 * what the whole was when it got its replicas, and so change with these only.
 */
export function setAnnotations(
  deployment: Deployment,
  present: Readonly<Record<string, string>>,
  revision: bigint,
): Record<string, string> {
  const annotations: Record<string, string> = { ...present };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!ownAnnotations.has(key)) annotations[key] = value;
  }
  const before = present[revisionAnnotation];
  if (before === undefined || revisionOf({ metadata: { annotations: present } }) < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (before !== undefined) annotations[historyAnnotation] = history(present[historyAnnotation], before);
  }
  return annotations;
}

export function sizeAnnotations({ desired, max }: { desired: number; max: number }): Record<string, string> {
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(max) };
}

/** The revisions a ReplicaSet had before, oldest dropped first. */
function history(present: string | undefined, revision: string): string {
  const revisions = [...(present ? present.split(',') : []), revision];
  while (revisions.join(',').length > maxHistoryLength) revisions.shift();
  return revisions.join(',');
}
