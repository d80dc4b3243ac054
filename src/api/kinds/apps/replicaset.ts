import type { ReplicaSet, ReplicaSetSpec, ReplicationController } from '../../generated/types.ts';
import { checkNonNegative } from '../checks.ts';
import { specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { defaultPodTemplate } from '../pod/pod-template.ts';
import { checkReplicaStatus } from './replica-status.ts';
import { checkTemplate, checkWorkload } from './workload.ts';

const counts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
];

export const replicaSetRules: KindRules<ReplicaSet> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({ replicas: 0 }),
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  validate: (set, out) => checkSpec(set.spec, out),
  validateUpdate(set, old, out) {
    checkSpec(set.spec, out);
    checkImmutable(set.spec?.selector, old.spec?.selector, specPath.child('selector'), out);
  },
  validateStatusUpdate: (set, _old, out) => checkReplicaStatus(set.status ?? {}, counts, out),
};

function checkSpec(spec: ReplicaSetSpec | undefined, out: Findings): void {
  if (!spec) {
    out.required(specPath.child('selector'));
    return;
  }
  checkNonNegative(spec.replicas, specPath.child('replicas'), out);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), out);
  // As upstream, whose message here is that of Deployments.
  const names = { selector: 'deployment', template: 'ReplicaSet', invalidSelector: 'invalid label selector' };
  checkWorkload(spec, names, out);
}

export const replicationControllerRules: KindRules<ReplicationController> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({ replicas: 0 }),
  defaults(controller) {
    const spec = controller.spec;
    if (!spec) return;
    const labels = spec.template?.metadata?.labels;
    if (labels) {
      if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
      controller.metadata ??= {};
      if (Object.keys(controller.metadata.labels ?? {}).length === 0)
        controller.metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    spec.minReadySeconds ??= 0;
    defaultPodTemplate(spec.template);
  },
  validate: checkController,
  validateStatusUpdate: (c, _old, out) => checkReplicaStatus(c.status ?? {}, counts, out),
};

function checkController({ spec }: ReplicationController, out: Findings): void {
  checkNonNegative(spec?.minReadySeconds, specPath.child('minReadySeconds'), out);
  if (Object.keys(spec?.selector ?? {}).length === 0) out.required(specPath.child('selector'));
  checkNonNegative(spec?.replicas, specPath.child('replicas'), out);
  const at = specPath.child('template');
  if (!spec?.template) out.required(at);
  else checkTemplate(spec.template, { matchLabels: spec.selector }, 'ReplicationController', at, out);
}
