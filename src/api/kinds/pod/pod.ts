import type { Pod, PodCondition, PodSpec, PodStatus } from '../../generated/types.ts';
import { metadataPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { computeQosClass } from '../qos.ts';
import { checkPodAnnotations, checkPodAnnotationUpdates } from './annotations.ts';
import { checkImageSpaces } from './containers.ts';
import { mergeLabelKeys } from './label-keys.ts';
import { defaultPod } from './pod-defaults.ts';
import { checkPodSpec } from './pod-spec.ts';
import { checkPodStatusUpdate } from './pod-status.ts';
import { checkPodSpecUpdate, podSpecOf } from './pod-update.ts';

const gated: PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

export const podRules: KindRules<Pod> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus(pod): PodStatus {
    const spec = podSpecOf(pod);
    return {
      phase: 'Pending',
      qosClass: computeQosClass(spec),
      ...(spec.schedulingGates?.length && { conditions: [{ ...gated }] }),
    };
  },
  defaults(pod) {
    defaultPod(pod);
    if (pod.status) syncAddresses(pod.status);
  },
  prepareForCreate(pod) {
    if (pod.spec) mergeLabelKeys(pod.spec, pod.metadata?.labels ?? {});
  },
  prepareForStatusUpdate(pod, old) {
    if (pod.status) pod.status.qosClass ||= old.status?.qosClass;
    // As upstream: old nodes corrupted them, which broke garbage collection.
    if (pod.metadata && old.metadata?.ownerReferences)
      pod.metadata.ownerReferences = old.metadata.ownerReferences;
  },
  validate(pod, out) {
    checkWhole(pod, out);
    const spec = podSpecOf(pod);
    if (spec.ephemeralContainers?.length)
      out.forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create');
    if (spec.nodeName && spec.schedulingGates?.length) {
      const why = 'cannot be set until all schedulingGates have been cleared';
      out.forbidden(specPath.child('nodeName'), why);
    }
  },
  validateUpdate(pod, old, out) {
    checkWhole(pod, out);
    const at = metadataPath.child('annotations');
    checkPodAnnotationUpdates(pod.metadata?.annotations ?? {}, old.metadata?.annotations ?? {}, at, out);
    checkPodSpecUpdate(podSpecOf(pod), podSpecOf(old), out);
  },
  validateStatusUpdate: checkPodStatusUpdate,
};

/** The pod's annotations and spec, and what is asked of pods but not of templates. */
export function checkWhole(pod: Pod, out: Findings): void {
  const spec = podSpecOf(pod);
  checkPodAnnotations(pod.metadata?.annotations ?? {}, spec, metadataPath.child('annotations'), out);
  checkPodSpec(spec, pod.metadata ?? {}, specPath, out);
  if (!spec.serviceAccountName) checkNoTokens(spec, out);
  for (const kind of ['containers', 'initContainers'] as const) {
    (spec[kind] ?? []).forEach((container, i) => {
      checkImageSpaces(container, specPath.child(kind).index(i), out);
    });
  }
}

function checkNoTokens(spec: PodSpec, out: Findings): void {
  (spec.volumes ?? []).forEach((volume, i) => {
    (volume.projected?.sources ?? []).forEach((source, j) => {
      if (!source.serviceAccountToken) return;
      const at = specPath.child('volumes').index(i).child('projected', 'sources').index(j);
      const why = 'must not be specified when serviceAccountName is not set';
      out.forbidden(at.child('serviceAccountToken'), why);
    });
  });
}

/** `podIP` is the first of `podIPs`; whichever the client knows fills the other. */
function syncAddresses(status: PodStatus): void {
  if (status.podIPs?.length) status.podIP = status.podIPs[0]!.ip;
  else if (status.podIP) status.podIPs = [{ ip: status.podIP }];
}
