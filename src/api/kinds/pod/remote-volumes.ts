import type { AzureDiskVolumeSource, ISCSIVolumeSource, Volume } from '../../generated/types.ts';
import { inclusiveRangeMessage, labelErrors } from '../../names.ts';
import { checkLabelName, checkOptionalOneOf, checkSubdomain } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkDriverName } from '../storage/driver-name.ts';

/**
 * Sources kept for old manifests: storage of clouds and network storage that upstream moved to CSI drivers.
 * Nothing here mounts them.
 */
export type RemoteVolume = Volume;

/** What each must name. */
const requiredFields: Partial<Record<keyof Volume, readonly string[]>> = {
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
};

/**
 * @param at the path of the source; that of the volume is where its name is complained of
 * @param persistent the source of a PersistentVolume: its secrets are of a namespace
 */
export function checkRemoteVolume(
  volume: RemoteVolume,
  kind: keyof Volume,
  at: FieldPath,
  volumeAt: FieldPath,
  out: Findings,
  persistent = false,
): void {
  // Upstream's path of this one is not the field's name.
  const here = kind === 'gcePersistentDisk' ? volumeAt.child('persistentDisk') : at;
  const source = volume[kind] as unknown as Record<string, unknown>;
  for (const field of requiredFields[kind] ?? []) {
    const value = source[field];
    if (!value || (Array.isArray(value) && value.length === 0)) out.required(here.child(field));
  }
  const partition = source.partition;
  if (typeof partition === 'number' && (partition < 0 || partition > 255)) {
    out.invalid(here.child('partition'), partition, inclusiveRangeMessage(1, 255));
  }
  checks[kind]?.(volume, here, out, persistent);
}

type Check = (volume: RemoteVolume, at: FieldPath, out: Findings, persistent: boolean) => void;

interface SecretReference {
  name?: string;
  namespace?: string;
}

const checks: Partial<Record<keyof Volume, Check>> = {
  fc: ({ fc }, at, out) => checkFibreChannel(fc!, at, out),
  flocker: ({ flocker }, at, out) => checkFlocker(flocker!, at, out),
  iscsi: checkIscsi,
  quobyte: ({ quobyte }, at, out) => checkQuobyte(quobyte!, at, out),
  azureDisk: ({ azureDisk }, at, out) => checkAzureDisk(azureDisk!, at, out),
  flexVolume: ({ flexVolume }, at, out) => checkFlexOptions(flexVolume!.options ?? {}, at, out),
  cinder: ({ cinder }, at, out, persistent) => checkSecret(cinder!.secretRef, persistent, at, out),
  storageos({ storageos }, at, out, persistent) {
    const { volumeName, volumeNamespace, secretRef } = storageos!;
    if (volumeName) checkLabelName(volumeName, at.child('volumeName'), out);
    else out.required(at.child('volumeName'));
    if (volumeNamespace) checkLabelName(volumeNamespace, at.child('volumeNamespace'), out);
    checkSecret(secretRef, persistent, at, out);
  },
  glusterfs({ glusterfs }, at, out) {
    const { endpointsNamespace } = glusterfs as { endpointsNamespace?: string };
    const here = at.child('endpointsNamespace');
    if (endpointsNamespace === '') {
      out.invalid(here, '', 'if the endpointnamespace is set, it must be a valid namespace name');
    } else if (endpointsNamespace) out.invalidAll(here, endpointsNamespace, labelErrors(endpointsNamespace));
  },
  azureFile({ azureFile }, at, out) {
    const { secretNamespace } = azureFile as { secretNamespace?: string };
    if (secretNamespace === '') out.required(at.child('secretNamespace'));
  },
  csi({ csi }, at, out) {
    checkDriverName(csi!.driver, at.child('driver'), out);
    const secret = csi!.nodePublishSecretRef;
    if (!secret) return;
    if (!secret.name) out.required(at.child('nodePublishSecretRef', 'name'));
    else checkSubdomain(secret.name, at.child('name'), out);
  },
};

function checkSecret(
  secret: SecretReference | undefined,
  persistent: boolean,
  at: FieldPath,
  out: Findings,
): void {
  if (!secret) return;
  if (!secret.name) out.required(at.child('secretRef', 'name'));
  if (persistent && !secret.namespace) out.required(at.child('secretRef', 'namespace'));
}

function checkFibreChannel(fc: NonNullable<Volume['fc']>, at: FieldPath, out: Findings): void {
  const names = fc.targetWWNs?.length ?? 0;
  const ids = fc.wwids?.length ?? 0;
  const where = at.child('targetWWNs');
  if (names === 0 && ids === 0) out.required(where, 'must specify either targetWWNs or wwids, but not both');
  if (names > 0 && ids > 0) {
    out.invalid(where, fc.targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  }
  if (names === 0) return;
  if (fc.lun === undefined) out.required(at.child('lun'), 'lun is required if targetWWNs is specified');
  else if (fc.lun < 0 || fc.lun > 255) out.invalid(at.child('lun'), fc.lun, inclusiveRangeMessage(0, 255));
}

function checkFlocker(flocker: NonNullable<Volume['flocker']>, at: FieldPath, out: Findings): void {
  const { datasetName, datasetUUID } = flocker;
  if (!datasetName && !datasetUUID) out.required(at, 'one of datasetName and datasetUUID is required');
  if (datasetName && datasetUUID) {
    out.invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  }
  if (datasetName?.includes('/')) out.invalid(at.child('datasetName'), datasetName, "must not contain '/'");
}

const initiators: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};
const maxIscsiName = 64;

function checkIscsi({ iscsi, name }: RemoteVolume, at: FieldPath, out: Findings, persistent: boolean): void {
  const { targetPortal, iqn, lun, initiatorName } = iscsi!;
  if (!targetPortal) out.required(at.child('targetPortal'));
  if (initiatorName !== undefined && `${name}:${targetPortal ?? ''}`.length > maxIscsiName) {
    const why = `Total length of <volume name>:<iscsi.targetPortal> must be under ${maxIscsiName} characters if iscsi.initiatorName is specified.`;
    out.invalid(at.child('targetportal'), targetPortal, why);
  }
  if (!iqn) out.required(at.child('iqn'));
  else checkInitiator(iqn, persistent, at.child('iqn'), out);
  if (lun < 0 || lun > 255) out.invalid(at.child('lun'), lun, inclusiveRangeMessage(0, 255));
  checkChapSecret(iscsi!, persistent, at, out);
  if (initiatorName !== undefined) {
    checkInitiator(initiatorName, persistent, at.child('initiatorname'), out);
  }
}

function checkChapSecret(iscsi: ISCSIVolumeSource, persistent: boolean, at: FieldPath, out: Findings): void {
  const { chapAuthDiscovery, chapAuthSession, secretRef } = iscsi;
  if ((chapAuthDiscovery || chapAuthSession) && !secretRef) out.required(at.child('secretRef'));
  if (persistent && secretRef && !secretRef.name) out.required(at.child('secretRef', 'name'));
}

function checkInitiator(name: string, persistent: boolean, at: FieldPath, out: Findings): void {
  const form = initiators[name.slice(0, 3)];
  const unknown = persistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa';
  if (!form) out.invalid(at, name, unknown);
  else if (!form.test(name)) out.invalid(at, name, 'must be valid format');
}

function checkQuobyte(
  { registry, tenant = '', volume }: NonNullable<Volume['quobyte']>,
  at: FieldPath,
  out: Findings,
): void {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) out.required(at.child('registry'), pairs);
  else if (tenant.length >= 65) {
    out.required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters');
  } else if (registry.split(',').some(pair => !/^(\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(pair))) {
    out.invalid(at.child('registry'), registry, pairs);
  }
  if (!volume) out.required(at.child('volume'));
}

const managedUri =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function checkAzureDisk(
  { cachingMode, kind, diskURI = '' }: AzureDiskVolumeSource,
  at: FieldPath,
  out: Findings,
): void {
  checkOptionalOneOf(cachingMode, ['None', 'ReadOnly', 'ReadWrite'], at.child('cachingMode'), out);
  checkOptionalOneOf(kind, ['Dedicated', 'Managed', 'Shared'], at.child('kind'), out);
  if (kind === undefined) return;
  const managed = kind === 'Managed';
  if (diskURI.startsWith(managed ? '/subscriptions/' : 'https://')) return;
  out.notSupported(at.child('diskURI'), diskURI, [managed ? managedUri : blobUri]);
}

function checkFlexOptions(options: Record<string, string>, at: FieldPath, out: Findings): void {
  for (const key of Object.keys(options)) {
    const domain = key.split('/')[0]!.toLowerCase();
    if (!/\.(kubernetes|k8s)\.io$/.test(`.${domain}`)) continue;
    out.invalid(at.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved');
  }
}
