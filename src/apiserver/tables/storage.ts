import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../api/generated/types.ts';
import { ageOf } from './age.ts';
import { ageColumn, column, count, flag, nameColumn, wide } from './columns.ts';
import { formatAccessModes, none, unset } from './format.ts';
import type { Printer } from './table.ts';

const betaClass = 'volume.beta.kubernetes.io/storage-class';
const defaultClass = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const volumePrinter: Printer<PersistentVolume> = {
  columns: [
    nameColumn,
    column('Capacity', 'How much fits on the volume.'),
    column('Access Modes', 'How the volume can be mounted.'),
    column('Reclaim Policy', 'What becomes of the volume when its claim goes.'),
    column('Status', 'Available, Bound, Released or Failed.'),
    column('Claim', 'The claim the volume is bound to.'),
    column('StorageClass', 'StorageClass of the pv'),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pv'),
    column('Reason', 'Why the volume failed.'),
    ageColumn,
    wide(column('VolumeMode', 'A file system or a raw device.')),
  ],
  cells(volume, now) {
    const { metadata, spec, status } = volume;
    const claim = spec?.claimRef;
    return [
      metadata?.name ?? '',
      spec?.capacity?.storage ?? '0',
      formatAccessModes(spec?.accessModes),
      spec?.persistentVolumeReclaimPolicy ?? '',
      metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
      claim ? `${claim.namespace ?? ''}/${claim.name ?? ''}` : '',
      metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? '',
      spec?.volumeAttributesClassName ?? unset,
      status?.reason ?? '',
      ageOf(volume, now),
      spec?.volumeMode ?? unset,
    ];
  },
};

export const claimPrinter: Printer<PersistentVolumeClaim> = {
  columns: [
    nameColumn,
    column('Status', 'Pending, Bound or Lost.'),
    column('Volume', 'The volume the claim is bound to.'),
    column('Capacity', 'How much fits on the volume.'),
    column('Access Modes', 'How the volume can be mounted.'),
    column('StorageClass', 'StorageClass of the pvc'),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pvc'),
    ageColumn,
    wide(column('VolumeMode', 'A file system or a raw device.')),
  ],
  cells(claim, now) {
    const { metadata, spec, status } = claim;
    const bound = Boolean(spec?.volumeName);
    return [
      metadata?.name ?? '',
      metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
      spec?.volumeName ?? '',
      bound ? (status?.capacity?.storage ?? '0') : '',
      bound ? formatAccessModes(status?.accessModes) : '',
      metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? '',
      spec?.volumeAttributesClassName ?? unset,
      ageOf(claim, now),
      spec?.volumeMode ?? unset,
    ];
  },
};

export const storageClassPrinter: Printer<StorageClass> = {
  columns: [
    nameColumn,
    column('Provisioner', 'What makes the volumes.'),
    column('ReclaimPolicy', 'What becomes of a volume when its claim goes.'),
    column('VolumeBindingMode', 'When a claim is bound.'),
    flag('AllowVolumeExpansion', 'Claims may grow.'),
    ageColumn,
  ],
  cells(object, now) {
    const isDefault = defaultClass.some(key => object.metadata?.annotations?.[key] === 'true');
    return [
      `${object.metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`,
      object.provisioner ?? '',
      object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate',
      object.allowVolumeExpansion ?? false,
      ageOf(object, now),
    ];
  },
};

export const attributesClassPrinter: Printer<VolumeAttributesClass> = {
  columns: [nameColumn, column('DriverName', 'The driver the class is for.'), ageColumn],
  cells: (object, now) => [object.metadata?.name ?? '', object.driverName ?? '', ageOf(object, now)],
};

export const attachmentPrinter: Printer<VolumeAttachment> = {
  columns: [
    nameColumn,
    column('Attacher', 'The driver that attaches.'),
    column('PV', 'The volume.'),
    column('Node', 'The node the volume is attached to.'),
    flag('Attached', 'The volume is attached.'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.attacher ?? '',
    object.spec?.source?.persistentVolumeName ?? '',
    object.spec?.nodeName ?? '',
    object.status?.attached ?? false,
    ageOf(object, now),
  ],
};

export const csiDriverPrinter: Printer<CSIDriver> = {
  columns: [
    nameColumn,
    flag('AttachRequired', 'Volumes must be attached before they are mounted.'),
    flag('PodInfoOnMount', 'The driver is told which pod a volume is for.'),
    flag('StorageCapacity', 'The scheduler looks at the capacity the driver reports.'),
    column('TokenRequests', 'The audiences of the tokens the driver gets.'),
    flag('RequiresRepublish', 'The driver is called again and again.'),
    column('Modes', 'Persistent volumes, ephemeral ones, or both.'),
    ageColumn,
  ],
  cells(object, now) {
    const spec = object.spec ?? {};
    return [
      object.metadata?.name ?? '',
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      (spec.tokenRequests ?? []).map(request => request.audience).join(',') || unset,
      spec.requiresRepublish ?? false,
      (spec.volumeLifecycleModes ?? []).join(',') || none,
      ageOf(object, now),
    ];
  },
};

export const csiNodePrinter: Printer<CSINode> = {
  columns: [
    nameColumn,
    count('Drivers', 'Drivers indicates the number of CSI drivers registered on the node'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.drivers?.length ?? 0,
    ageOf(object, now),
  ],
};

export const csiCapacityPrinter: Printer<CSIStorageCapacity> = {
  columns: [
    nameColumn,
    column('StorageClassName', 'The class the capacity is for.'),
    column('Capacity', 'How much is left.'),
  ],
  cells: object => [object.metadata?.name ?? '', object.storageClassName ?? '', object.capacity ?? unset],
};
