import type { PersistentVolume, PersistentVolumeSpec } from '../../generated/types.ts';
import { checkOptionalOneOf, checkSubdomain } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { root, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { checkNodeSelector } from '../pod/affinity.ts';
import { checkRemoteVolume } from '../pod/remote-volumes.ts';
import { checkHostPath, checkNfs } from '../pod/volumes.ts';
import { canonicalize, signOf } from '../quantities.ts';
import { specDiff } from '../spec-diff.ts';
import { checkAccessModes, volumeModes } from './claim-spec.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const sourceKinds = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const;

export const volumeRules: KindRules<PersistentVolume> = {
  hasStatus: true,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(volume) {
    if (volume.status) volume.status.phase ||= 'Pending';
    const spec = volume.spec;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
    canonicalize(spec.capacity);
  },
  validate: (volume, out) => checkSpec(volume.spec ?? {}, out),
  validateUpdate(volume, old, out) {
    checkSpec(volume.spec ?? {}, out);
    const [now, was] = [sourceOf(volume.spec), sourceOf(old.spec)];
    if (!semanticEqual(now, was)) {
      const why = `spec.persistentvolumesource is immutable after creation\n${specDiff(was, now)}`;
      out.forbidden(specPath.child('persistentvolumesource'), why);
    }
    checkImmutable(volume.spec?.volumeMode, old.spec?.volumeMode, root('volumeMode'), out);
    if (old.spec?.nodeAffinity) {
      checkImmutable(volume.spec?.nodeAffinity, old.spec.nodeAffinity, root('nodeAffinity'), out);
    }
  },
};

function sourceOf(spec: PersistentVolumeSpec | undefined): object {
  return Object.fromEntries(sourceKinds.map(kind => [kind, spec?.[kind]]).filter(([, source]) => source));
}

function checkSpec(spec: PersistentVolumeSpec, out: Findings): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) out.required(specPath.child('accessModes'));
  checkAccessModes(modes, specPath.child('accessModes'), out);
  const capacityAt = specPath.child('capacity');
  const names = Object.keys(spec.capacity ?? {});
  if (names.length === 0) out.required(capacityAt);
  if (names.length > 0 && !names.includes('storage'))
    out.notSupported(capacityAt, spec.capacity, ['storage']);
  for (const [name, text] of Object.entries(spec.capacity ?? {})) {
    if (signOf(text) <= 0) out.invalid(capacityAt.key(name), text, 'must be greater than zero');
  }
  const policyAt = specPath.child('persistentVolumeReclaimPolicy');
  checkOptionalOneOf(spec.persistentVolumeReclaimPolicy, reclaimPolicies, policyAt, out);
  checkAffinity(spec, out);
  checkSource(spec, out);
  if (spec.hostPath && /^\/+$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    out.forbidden(policyAt, "may not be 'recycle' for a hostPath mount of '/'");
  }
  if (spec.storageClassName) checkSubdomain(spec.storageClassName, specPath.child('storageClassName'), out);
  checkOptionalOneOf(spec.volumeMode, volumeModes, specPath.child('volumeMode'), out);
}

function checkAffinity(spec: PersistentVolumeSpec, out: Findings): void {
  if (!spec.nodeAffinity) return;
  const at = specPath.child('nodeAffinity', 'required');
  if (spec.nodeAffinity.required) checkNodeSelector(spec.nodeAffinity.required, at, out);
  else out.required(at, 'must specify required node constraints');
}

function checkSource(spec: PersistentVolumeSpec, out: Findings): void {
  const present = sourceKinds.filter(kind => spec[kind]);
  if (present.length === 0) out.required(specPath, 'must specify a volume type');
  for (const [i, kind] of present.entries()) {
    const at = specPath.child(kind);
    if (i > 0) out.forbidden(at, 'may not specify more than 1 volume type');
    else if (kind === 'hostPath') checkHostPath(spec.hostPath!, at, out);
    else if (kind === 'nfs') checkNfs(spec.nfs!, at, out);
    else if (kind === 'local') {
      if (!spec.local!.path) out.required(at.child('path'));
      if (!spec.nodeAffinity) out.required(at.child('nodeAffinity'), 'Local volume requires node affinity');
    } else if (kind === 'csi') {
      if (!spec.csi!.driver) out.required(at.child('driver'));
      if (!spec.csi!.volumeHandle) out.required(at.child('volumeHandle'));
    } else checkRemoteVolume({ name: '', [kind]: spec[kind] }, kind, at, out);
  }
}
