import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../generated/types.ts';
import { checkCountOrPercent, checkNonNegative, percentOf } from '../checks.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { defaultPodTemplate } from '../pod/pod-template.ts';
import { checkCollisions, checkReplicaStatus } from './replica-status.ts';
import { checkWorkload } from './workload.ts';

export const deploymentRules: KindRules<Deployment> = {
  hasStatus: true,
  initialStatus: () => ({}),
  hasGeneration: true,
  // Annotations too: a rollback and a change-cause are changes the controller must see.
  generationOf: deployment => [deployment.spec, deployment.metadata?.annotations],
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodTemplate(spec.template);
  },
  validate(deployment, out) {
    checkSpec(deployment.spec, out);
  },
  validateUpdate(deployment, old, out) {
    checkSpec(deployment.spec, out);
    checkImmutable(deployment.spec?.selector, old.spec?.selector, specPath.child('selector'), out);
  },
  validateStatusUpdate(deployment, old, out) {
    const status = deployment.status ?? {};
    const fields = [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'collisionCount',
    ];
    checkReplicaStatus(status, fields, out);
    checkCollisions(status, old.status, out);
  },
};

function checkSpec(spec: DeploymentSpec | undefined, out: Findings): void {
  if (!spec) {
    out.required(specPath.child('selector'));
    return;
  }
  checkNonNegative(spec.replicas, specPath.child('replicas'), out);
  // Upstream checks a Deployment's template as its ReplicaSet's: hence the name in the message.
  const names = { selector: 'deployment', template: 'ReplicaSet', invalidSelector: 'invalid label selector' };
  checkWorkload(spec, names, out);
  checkStrategy(spec.strategy ?? {}, specPath.child('strategy'), out);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), out);
  checkNonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), out);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return;
  const at = specPath.child('progressDeadlineSeconds');
  checkNonNegative(deadline, at, out);
  if (deadline <= (spec.minReadySeconds ?? 0))
    out.invalid(at, deadline, 'must be greater than minReadySeconds');
}

function checkStrategy(strategy: DeploymentStrategy, at: FieldPath, out: Findings): void {
  const here = at.child('rollingUpdate');
  if (strategy.type === 'Recreate') {
    if (strategy.rollingUpdate)
      out.forbidden(here, "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (strategy.type !== 'RollingUpdate') {
    out.notSupported(at, strategy, ['Recreate', 'RollingUpdate']);
    return;
  }
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {};
  checkCountOrPercent(maxUnavailable, here.child('maxUnavailable'), out);
  checkCountOrPercent(maxSurge, here.child('maxSurge'), out);
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    out.invalid(here.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
  if ((percentOf(maxUnavailable) ?? 0) > 100) {
    out.invalid(here.child('maxUnavailable'), maxUnavailable, 'must not be greater than 100%');
  }
}

export function isZero(value: number | string | undefined): boolean {
  return value === undefined || value === 0 || percentOf(value) === 0;
}
