import type { CronJob, Deployment, Namespace, Pod, PodTemplate } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { CheckedPod } from '../../api/pod-security/check.ts';
import { violations, violationsText } from '../../api/pod-security/evaluate.ts';
import {
  isStricter,
  type LevelVersion,
  levelText,
  policyOf,
  type SecurityPolicy,
  sameLevel,
} from '../../api/pod-security/levels.ts';
import { forbidden, invalid } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Subresources of pods that leave alone what is checked. */
const ignoredSubresources = new Set(['binding', 'eviction', 'status']);
const annotationPrefix = 'pod-security.kubernetes.io/';
/** Pods looked at when a namespace's level changes. */
const maxPodsToCheck = 3000;

/**
 * Holds pods to the level of the Pod Security Standards their namespace's labels name, and tells of templates
 * that would not reach it (upstream: k8s.io/pod-security-admission). Nothing is exempt.
 */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  validate(attributes: AdmissionAttributes): void {
    const { operation, endpoint, subresource } = attributes;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const { kind, storageGroup } = endpoint.resource;
    const name = `${storageGroup}/${kind}`;
    if (name === '/Namespace') {
      if (!subresource) this.#checkNamespace(attributes);
    } else if (name === '/Pod') {
      if (!ignoredSubresources.has(subresource)) this.#checkPod(attributes);
    } else if (!subresource) {
      const template = templateOf[name]?.(attributes.object!);
      if (template) this.#evaluate(attributes, template, false);
    }
  }

  #checkPod(attributes: AdmissionAttributes): void {
    const pod = attributes.object as Pod;
    const old = attributes.oldObject as Pod | undefined;
    if (old && !isSignificant(pod, old)) return;
    this.#evaluate(attributes, pod, true);
  }

  /** @throws ApiError 403 where the pod breaks the enforced level. */
  #evaluate(
    attributes: AdmissionAttributes,
    { metadata, spec }: Partial<CheckedPod>,
    enforce: boolean,
  ): void {
    const namespace = this.#reader.get<Namespace>('namespaces', '', attributes.namespace);
    const { policy, errors } = policyOf(namespace?.metadata.labels);
    if (!spec || isOpen(policy)) return;
    const pod: CheckedPod = { metadata: metadata ?? {}, spec };
    const { annotate } = attributes;
    if (errors.length > 0) {
      const text = errors.map(({ field, message }) => `${field}: ${message}`).join(', ');
      annotate?.(`${annotationPrefix}error`, `Failed to parse policy: ${text}`);
    }
    const audited = told(pod, policy.audit, 'would violate');
    if (audited) annotate?.(`${annotationPrefix}audit-violations`, audited);
    if (enforce) {
      annotate?.(`${annotationPrefix}enforce-policy`, levelText(policy.enforce));
      const broken = told(pod, policy.enforce, 'violates');
      if (broken) throw forbidden(attributes.endpoint.qualified, attributes.name, broken);
    }
    const warned = told(pod, policy.warn, 'would violate');
    if (warned) attributes.warnings.push(warned);
  }

  /** @throws ApiError 422 for labels that name no level or version. */
  #checkNamespace({ endpoint, object, oldObject, name, warnings }: AdmissionAttributes): void {
    const { policy, errors } = policyOf(object?.metadata?.labels);
    const before = oldObject && policyOf(oldObject.metadata?.labels);
    if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before?.errors)) {
      throw invalid(endpoint.qualifiedKind, name, errors);
    }
    if (!before) return;
    const [now, then] = [policy.enforce, before.policy.enforce];
    if (sameLevel(now, then) || now.level === 'privileged') return;
    if (now.minor === then.minor && !isStricter(now.level, then.level)) return;
    warnings.push(...this.#existing(name, now));
  }

  /** Warnings of the pods that are there and break the new level, those of one kind in one line. */
  #existing(namespace: string, level: LevelVersion): string[] {
    const pods = this.#reader.list<Pod>('pods', namespace);
    const byReason = new Map<string, string[]>();
    for (const pod of pods.slice(0, maxPodsToCheck)) {
      const found = violations({ metadata: pod.metadata, spec: pod.spec! }, level);
      const reasons = found.map(({ reason }) => reason).join(', ');
      if (reasons) byReason.set(reasons, [...(byReason.get(reasons) ?? []), pod.metadata.name]);
    }
    const warnings: string[] = [];
    if (pods.length > maxPodsToCheck) {
      warnings.push(
        `new PodSecurity enforce level only checked against the first ${maxPodsToCheck} of ${pods.length} existing pods`,
      );
    }
    if (byReason.size === 0) return warnings;
    warnings.push(
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${levelText(level)}"`,
    );
    const lines = [...byReason].map(([reasons, names]) => `${podsText(names)}: ${reasons}`);
    return [...warnings, ...lines.sort()];
  }
}

function podsText(names: readonly string[]): string {
  const first = [...names].sort()[0]!;
  if (names.length === 1) return first;
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`;
}

function told(pod: CheckedPod, level: LevelVersion, verb: string): string | undefined {
  const found = violations(pod, level);
  return found.length > 0 ? `${verb} PodSecurity "${levelText(level)}": ${violationsText(found)}` : undefined;
}

function isOpen({ enforce, audit, warn }: SecurityPolicy): boolean {
  return [enforce, audit, warn].every(({ level }) => level === 'privileged');
}

const ofSpec = (object: KubeObject) =>
  (object as Deployment).spec?.template as Partial<CheckedPod> | undefined;

/** Where workloads keep their pods' template, by stored group and kind. */
const templateOf: Readonly<Record<string, (object: KubeObject) => Partial<CheckedPod> | undefined>> = {
  '/PodTemplate': object => (object as PodTemplate).template as Partial<CheckedPod> | undefined,
  '/ReplicationController': ofSpec,
  'apps/ReplicaSet': ofSpec,
  'apps/Deployment': ofSpec,
  'apps/StatefulSet': ofSpec,
  'apps/DaemonSet': ofSpec,
  'batch/Job': ofSpec,
  'batch/CronJob': object => ofSpec((object as CronJob).spec?.jobTemplate as KubeObject),
};

/** Whether an update changes something a check looks at: images, ephemeral containers, old annotations. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const facts = ({ metadata, spec }: Pod) => {
    const containers = [spec?.initContainers, spec?.containers, spec?.ephemeralContainers];
    const seccomp = Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.includes('seccomp.'));
    return JSON.stringify([
      seccomp.sort(),
      containers.map(list => list?.map(({ name, image }) => [name, image])),
    ]);
  };
  return facts(pod) !== facts(old);
}
