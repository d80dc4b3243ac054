import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeSource,
  EphemeralVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  SecretVolumeSource,
  Volume,
} from '../../generated/types.ts';
import { subdomainErrors } from '../../names.ts';
import { checkLabelName, checkOneOf, checkOptionalOneOf, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkMetadataOfTemplate } from '../metadata.ts';
import { signOf } from '../quantities.ts';
import { checkClaimSpec } from '../storage/claim-spec.ts';
import type { PodContext } from './context.ts';
import { checkLocalDescendingPath, checkNoBacksteps } from './paths.ts';
import { checkProjected } from './projected-volume.ts';
import { checkRemoteVolume, type RemoteVolume } from './remote-volumes.ts';
import { checkDownwardFile, checkItems, checkMode } from './volume-files.ts';

const moreThanOne = 'may not specify more than 1 volume type';

/** Checks the volumes and notes the right ones in `pod.volumes`, for the mounts to refer to. */
export function checkVolumes(volumes: Volume[], pod: PodContext, at: FieldPath, out: Findings): void {
  const names = new Unique();
  const created = createdClaims(volumes, pod);
  volumes.forEach((volume, i) => {
    const here = at.index(i);
    const before = out.list.length;
    checkVolumeSource(volume, pod, here, out);
    if (!volume.name) out.required(here.child('name'));
    else checkLabelName(volume.name, here.child('name'), out);
    if (!names.add(volume.name)) out.duplicate(here.child('name'), volume.name);
    if (out.list.length === before) pod.volumes.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && created.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume';
      out.invalid(here.child('persistentVolumeClaim', 'claimName'), claim, why);
    }
  });
}

function createdClaims(volumes: Volume[], pod: PodContext): Set<string> {
  const podName = pod.metadata?.name;
  if (!podName) return new Set();
  return new Set(volumes.filter(v => v.ephemeral).map(v => `${podName}-${v.name}`));
}

type SourceKind = Exclude<keyof Volume, 'name'>;

/** In upstream's order: the first one counts, the others are one too many. */
const kinds: readonly SourceKind[] = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
];

function checkVolumeSource(volume: Volume, pod: PodContext, at: FieldPath, out: Findings): void {
  let found = false;
  for (const kind of kinds) {
    if (!volume[kind]) continue;
    if (found) out.forbidden(at.child(kind), moreThanOne);
    else checkSource(volume, kind, pod, at, out);
    found = true;
  }
  if (!found) out.required(at, 'must specify a volume type');
}

function checkSource(
  volume: Volume,
  kind: SourceKind,
  pod: PodContext,
  volumeAt: FieldPath,
  out: Findings,
): void {
  const at = volumeAt.child(kind);
  switch (kind) {
    case 'emptyDir':
      if (signOf(volume.emptyDir!.sizeLimit) >= 0) return;
      out.forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity');
      return;
    case 'hostPath':
      checkHostPath(volume.hostPath!, at, out);
      return;
    case 'secret':
      checkSecret(volume.secret!, at, out);
      return;
    case 'configMap':
      checkConfigMap(volume.configMap!, at, out);
      return;
    case 'persistentVolumeClaim':
      if (!volume.persistentVolumeClaim!.claimName) out.required(at.child('claimName'));
      return;
    case 'nfs':
      checkNfs(volume.nfs!, at, out);
      return;
    case 'downwardAPI':
      checkDownwardApi(volume.downwardAPI!, at, out);
      return;
    case 'projected':
      checkProjected(volume.projected!, at, out);
      return;
    case 'ephemeral':
      checkEphemeral(volume, volume.ephemeral!, pod, volumeAt, out);
      return;
    case 'image':
      if (!volume.image!.reference && !pod.isPod) return;
      if (!volume.image!.reference) out.required(at.child('reference'));
      checkOneOf(volume.image!.pullPolicy, ['Always', 'IfNotPresent', 'Never'], at.child('pullPolicy'), out);
      return;
    case 'gitRepo':
      if (!volume.gitRepo!.repository) out.required(at.child('repository'));
      checkLocalDescendingPath(volume.gitRepo!.directory ?? '', at.child('directory'), out);
      return;
    default:
      checkRemoteVolume(volume as RemoteVolume, kind, at, volumeAt, out);
      return;
  }
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function checkHostPath(source: HostPathVolumeSource, at: FieldPath, out: Findings): void {
  if (!source.path) {
    out.required(at.child('path'));
    return;
  }
  checkNoBacksteps(source.path, at.child('path'), out);
  checkOptionalOneOf(source.type, hostPathTypes, at.child('type'), out);
}

function checkSecret(source: SecretVolumeSource, at: FieldPath, out: Findings): void {
  if (!source.secretName) out.required(at.child('secretName'));
  checkMode(source.defaultMode, at.child('defaultMode'), out);
  checkItems(source.items ?? [], at.child('items'), out);
}

function checkConfigMap(source: ConfigMapVolumeSource, at: FieldPath, out: Findings): void {
  if (!source.name) out.required(at.child('name'));
  checkMode(source.defaultMode, at.child('defaultMode'), out);
  checkItems(source.items ?? [], at.child('items'), out);
}

export function checkNfs(source: NFSVolumeSource, at: FieldPath, out: Findings): void {
  if (!source.server) out.required(at.child('server'));
  if (!source.path) out.required(at.child('path'));
  if (!source.path?.startsWith('/')) {
    out.invalid(at.child('path'), source.path ?? '', 'must be an absolute path');
  }
}

function checkDownwardApi(source: DownwardAPIVolumeSource, at: FieldPath, out: Findings): void {
  checkMode(source.defaultMode, at.child('defaultMode'), out);
  for (const file of source.items ?? []) checkDownwardFile(file, at, out);
}

function checkEphemeral(
  volume: Volume,
  source: EphemeralVolumeSource,
  pod: PodContext,
  volumeAt: FieldPath,
  out: Findings,
): void {
  const at = volumeAt.child('ephemeral', 'volumeClaimTemplate');
  const template = source.volumeClaimTemplate;
  if (!template) {
    out.required(at);
    return;
  }
  checkMetadataOfTemplate(template.metadata, at.child('metadata'), out);
  checkClaimSpec(template.spec ?? {}, at.child('spec'), out);
  if (!pod.metadata?.name || !volume.name) return;
  const claim = `${pod.metadata.name}-${volume.name}`;
  for (const wrong of subdomainErrors(claim)) {
    out.invalid(volumeAt.child('name'), volume.name, `PVC name "${claim}": ${wrong}`);
  }
}
