import type { StatefulSet, StatefulSetSpec } from '../../generated/types.ts';
import { labelErrors } from '../../names.ts';
import { checkCountOrPercent, checkNonNegative, percentOf } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { dnsLabelName } from '../object-name.ts';
import { defaultPodTemplate } from '../pod/pod-template.ts';
import { defaultClaimSpec } from '../storage/claim-defaults.ts';
import { isZero } from './deployment.ts';
import { checkCollisions, checkReplicaStatus } from './replica-status.ts';
import { checkWorkload } from './workload.ts';

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];
const onlyThese =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
];

export const statefulSetRules: KindRules<StatefulSet> = {
  name: dnsLabelName,
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({ availableReplicas: 0, replicas: 0 }),
  defaults: defaultStatefulSet,
  validate: (set, out) => checkSpec(set.spec, out),
  validateUpdate(set, old, out) {
    checkSpec(set.spec, out);
    const rest = (spec: StatefulSetSpec | undefined) =>
      Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !mutable.includes(field)));
    if (!semanticEqual(rest(set.spec), rest(old.spec))) out.forbidden(specPath, onlyThese);
  },
  validateStatusUpdate(set, old, out) {
    checkReplicaStatus(set.status ?? {}, counts, out, 'status.readyReplicas');
    checkCollisions(set.status, old.status, out);
  },
};

function defaultStatefulSet({ spec }: StatefulSet): void {
  if (!spec) return;
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.serviceName ??= '';
  defaultPodTemplate(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1';
    claim.kind ||= 'PersistentVolumeClaim';
    if (claim.spec) defaultClaimSpec(claim.spec);
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
  }
}

function checkSpec(spec: StatefulSetSpec | undefined, out: Findings): void {
  if (!spec) {
    out.required(specPath.child('selector'));
    return;
  }
  checkStrategy(spec, out);
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = spec.persistentVolumeClaimRetentionPolicy?.[field];
    if (value === 'Retain' || value === 'Delete') continue;
    const at = specPath.child('persistentVolumeClaimRetentionPolicy', field);
    out.notSupported(at, value ?? '', ['Retain', 'Delete']);
  }
  checkNonNegative(spec.replicas, specPath.child('replicas'), out);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), out);
  checkNonNegative(spec.ordinals?.start, specPath.child('ordinals.start'), out);
  if (spec.serviceName) {
    out.invalidAll(specPath.child('serviceName'), spec.serviceName, labelErrors(spec.serviceName));
  }
  const names = { selector: 'statefulset', template: 'StatefulSet', invalidSelector: '' };
  checkWorkload(spec, names, out);
}

function checkStrategy(spec: StatefulSetSpec, out: Findings): void {
  const management = spec.podManagementPolicy;
  if (!management) out.required(specPath.child('podManagementPolicy'));
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    out.invalid(specPath.child('podManagementPolicy'), management, "must be 'OrderedReady' or 'Parallel'");
  }
  const at = specPath.child('updateStrategy');
  const strategy = spec.updateStrategy ?? {};
  const rolling = strategy.rollingUpdate;
  if (!strategy.type) out.required(at);
  else if (strategy.type === 'OnDelete') {
    if (!rolling) return;
    out.invalid(at.child('rollingUpdate'), rolling, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (strategy.type === 'RollingUpdate') {
    checkNonNegative(rolling?.partition, at.child('rollingUpdate', 'partition'), out);
    const max = rolling?.maxUnavailable;
    checkCountOrPercent(max, at.child('rollingUpdate', 'maxUnavailable'), out);
    checkMaxUnavailable(max, at.child('rollingUpdate', 'maxUnavailable'), out);
  } else out.invalid(at, strategy, "must be 'RollingUpdate' or 'OnDelete'");
}

function checkMaxUnavailable(max: number | string | undefined, at: FieldPath, out: Findings): void {
  if (max === undefined) return;
  if (isZero(max)) out.invalid(at, max, 'cannot be 0');
  if ((percentOf(max) ?? 0) > 100) out.invalid(at, max, 'must not be greater than 100%');
}
