import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '../../generated/types.ts';
import { checkCountOrPercent, checkNonNegative, percentOf } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { defaultPodTemplate } from '../pod/pod-template.ts';
import { isZero } from './deployment.ts';
import { checkCollisions } from './replica-status.ts';
import { checkWorkload } from './workload.ts';

const counts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];
const templateGeneration = 'deprecated.daemonset.template.generation';

export const daemonSetRules: KindRules<DaemonSet> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  }),
  defaults({ spec }) {
    if (!spec) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
  },
  prepareForCreate: set => annotate(set, 1),
  prepareForUpdate(set, old) {
    const was = Number(old.metadata?.annotations?.[templateGeneration] ?? 1);
    annotate(set, semanticEqual(set.spec?.template, old.spec?.template) ? was : was + 1);
  },
  validate: (set, out) => checkSpec(set.spec, out),
  validateUpdate(set, old, out) {
    checkSpec(set.spec, out);
    checkImmutable(set.spec?.selector, old.spec?.selector, specPath.child('selector'), out);
  },
  validateStatusUpdate(set, old, out) {
    const status = set.status as Record<string, unknown> | undefined;
    for (const field of counts) {
      const value = status?.[field];
      if (typeof value === 'number') checkNonNegative(value, statusPath.child(field), out);
    }
    checkCollisions(set.status, old.status, out);
  },
};

/** The removed field `templateGeneration` lives on as an annotation, as upstream's conversion has it. */
function annotate(set: DaemonSet, generation: number): void {
  set.metadata ??= {};
  set.metadata.annotations = { ...set.metadata.annotations, [templateGeneration]: String(generation) };
}

function checkSpec(spec: DaemonSetSpec | undefined, out: Findings): void {
  if (!spec) {
    out.required(specPath.child('selector'));
    return;
  }
  checkWorkload(spec, { selector: 'daemonset', template: 'DaemonSet' }, out);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), out);
  const at = specPath.child('updateStrategy');
  const strategy = spec.updateStrategy;
  if (strategy?.type === 'RollingUpdate')
    checkRolling(strategy.rollingUpdate, at.child('rollingUpdate'), out);
  else if (strategy?.type !== 'OnDelete') {
    out.notSupported(at, strategy, ['RollingUpdate', 'OnDelete']);
  }
  checkNonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), out);
}

function checkRolling(rolling: RollingUpdateDaemonSet | undefined, at: FieldPath, out: Findings): void {
  if (!rolling) {
    out.required(at);
    return;
  }
  const { maxUnavailable, maxSurge } = rolling;
  checkCountOrPercent(maxUnavailable, at.child('maxUnavailable'), out);
  checkCountOrPercent(maxSurge, at.child('maxSurge'), out);
  for (const field of ['maxUnavailable', 'maxSurge'] as const) {
    if ((percentOf(rolling[field]) ?? 0) > 100) {
      out.invalid(at.child(field), rolling[field], 'must not be greater than 100%');
    }
  }
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    out.invalid(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero');
  }
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    out.required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0');
  }
}
