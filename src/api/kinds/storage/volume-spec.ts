import type {
  CSIPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
  Volume,
} from '../../generated/types.ts';
import { checkLabelName, checkOptionalOneOf, checkSubdomain } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkNodeSelector } from '../pod/affinity.ts';
import { checkNoBacksteps } from '../pod/paths.ts';
import { checkRemoteVolume } from '../pod/remote-volumes.ts';
import { checkHostPath, checkNfs } from '../pod/volumes.ts';
import { checkAmount, signOf } from '../quantities.ts';
import { checkAccessModes, volumeModes } from './claim-spec.ts';
import { checkDriverName } from './driver-name.ts';

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

/** What the volume is made of. */
export function sourceOf(spec: PersistentVolumeSpec | undefined): Partial<PersistentVolumeSpec> {
  return Object.fromEntries(sourceKinds.map(kind => [kind, spec?.[kind]]).filter(([, source]) => source));
}

/** @param name of the PersistentVolume */
export function checkVolumeSpec(
  spec: PersistentVolumeSpec,
  name: string,
  at: FieldPath,
  out: Findings,
): void {
  const modesAt = at.child('accessModes');
  if (!spec.accessModes?.length) out.required(modesAt);
  checkAccessModes(spec.accessModes ?? [], modesAt, out);
  checkCapacity(spec.capacity ?? {}, at.child('capacity'), out);
  const policyAt = at.child('persistentVolumeReclaimPolicy');
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy) checkOptionalOneOf(policy, reclaimPolicies, policyAt, out);
  if (spec.nodeAffinity) {
    const here = at.child('nodeAffinity', 'required');
    if (spec.nodeAffinity.required) checkNodeSelector(spec.nodeAffinity.required, here, out);
    else out.required(here, 'must specify required node constraints');
  }
  checkSource(spec, name, at, out);
  if (spec.hostPath?.path && isRoot(spec.hostPath.path) && policy === 'Recycle') {
    out.forbidden(policyAt, "may not be 'recycle' for a hostPath mount of '/'");
  }
  if (spec.storageClassName) checkSubdomain(spec.storageClassName, at.child('storageClassName'), out);
  checkOptionalOneOf(spec.volumeMode, volumeModes, at.child('volumeMode'), out);
  checkAttributesClass(spec, at, out);
}

/** A volume that stands in a VolumeAttachment: what makes a PersistentVolume of it is left out. */
export function checkInlineVolumeSpec(spec: PersistentVolumeSpec, at: FieldPath, out: Findings): void {
  const inline = 'in the context of inline volumes';
  const forbidden = (field: string) => out.forbidden(at.child(field), `may not be specified ${inline}`);
  if (spec.claimRef) forbidden('claimRef');
  if (Object.keys(spec.capacity ?? {}).length > 0) forbidden('capacity');
  if (!spec.csi) out.required(at.child('csi'), `has to be specified ${inline}`);
  if (!spec.accessModes?.length) out.required(at.child('accessModes'));
  checkAccessModes(spec.accessModes ?? [], at.child('accessModes'), out);
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain') {
    out.forbidden(at.child('persistentVolumeReclaimPolicy'), `may only be Retain ${inline}`);
  }
  if (spec.nodeAffinity) forbidden('nodeAffinity');
  checkSource(spec, '', at, out);
  if (spec.storageClassName) forbidden('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    out.forbidden(at.child('volumeMode'), `may not specify volumeMode other than Filesystem ${inline}`);
  }
}

function checkCapacity(capacity: Record<string, string>, at: FieldPath, out: Findings): void {
  const names = Object.keys(capacity);
  if (names.length === 0) out.required(at);
  if (names.length !== 1 || names[0] !== 'storage') out.notSupported(at, capacity, ['storage']);
  for (const [name, text] of Object.entries(capacity)) {
    checkAmount(text, at.key(name), out);
    if (signOf(text) <= 0) out.invalid(at.key(name), text, 'must be greater than zero');
  }
}

function isRoot(path: string): boolean {
  return /^[/.]+$/.test(path) && path.split('/').every(part => part === '' || part === '.' || part === '..');
}

function checkSource(spec: PersistentVolumeSpec, name: string, at: FieldPath, out: Findings): void {
  const present = sourceKinds.filter(kind => spec[kind]);
  if (present.length === 0) out.required(at, 'must specify a volume type');
  for (const [i, kind] of present.entries()) {
    const here = at.child(kind);
    if (i > 0) out.forbidden(here, 'may not specify more than 1 volume type');
    else if (kind === 'hostPath') checkHostPath(spec.hostPath!, here, out);
    else if (kind === 'nfs') checkNfs(spec.nfs!, here, out);
    else if (kind === 'local') {
      if (spec.local!.path) checkNoBacksteps(spec.local!.path, here.child('path'), out);
      else out.required(here.child('path'));
      if (!spec.nodeAffinity) out.required(at.child('nodeAffinity'), 'Local volume requires node affinity');
    } else if (kind === 'csi') checkCsi(spec.csi!, here, out);
    else checkRemoteVolume({ name, [kind]: spec[kind] } as Volume, kind, here, at, out, true);
  }
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function checkCsi(csi: CSIPersistentVolumeSource, at: FieldPath, out: Findings): void {
  checkDriverName(csi.driver, at.child('driver'), out);
  if (!csi.volumeHandle) out.required(at.child('volumeHandle'));
  for (const field of csiSecrets) {
    const secret = csi[field];
    if (secret) checkSecretReference(secret, at.child(field), out);
  }
}

function checkSecretReference({ name, namespace }: SecretReference, at: FieldPath, out: Findings): void {
  if (name) checkSubdomain(name, at.child('name'), out);
  else out.required(at.child('name'));
  if (namespace) checkLabelName(namespace, at.child('namespace'), out);
  else out.required(at.child('namespace'));
}

function checkAttributesClass(spec: PersistentVolumeSpec, at: FieldPath, out: Findings): void {
  const name = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const here = at.child('volumeAttributesClassName');
  if (name === '') out.required(here, 'an empty string is disallowed');
  else checkSubdomain(name, here, out);
  if (!spec.csi) out.required(at.child('csi'), 'has to be specified when using volumeAttributesClassName');
}
