import type { Volume } from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/**
 * Sources kept for old manifests: storage of clouds and network storage that upstream moved to CSI drivers.
 * Their fields' presence is checked; nothing here mounts them.
 */
export type RemoteVolume = Volume;

/** What each must name. */
const requiredFields: Partial<Record<keyof Volume, readonly string[]>> = {
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  quobyte: ['registry', 'volume'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  storageos: [],
  scaleIO: ['gateway', 'system', 'volumeName'],
  csi: ['driver'],
};

export function checkRemoteVolume(
  volume: RemoteVolume,
  kind: keyof Volume,
  at: FieldPath,
  out: Findings,
): void {
  const source = volume[kind] as unknown as Record<string, unknown>;
  for (const field of requiredFields[kind] ?? []) {
    const value = source[field];
    if (!value || (Array.isArray(value) && value.length === 0)) out.required(at.child(field));
  }
  const { fc, flocker } = volume;
  if (kind === 'fc' && fc) checkFibreChannel(fc, at, out);
  if (kind === 'flocker' && flocker) checkFlocker(flocker, at, out);
  const partition = source.partition;
  if (typeof partition === 'number' && (partition < 0 || partition > 255)) {
    out.invalid(at.child('partition'), partition, inclusiveRangeMessage(1, 255));
  }
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
