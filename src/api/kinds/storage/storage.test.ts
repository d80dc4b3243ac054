import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created, updated } from '../test-findings.ts';

const volume = 'v1/PersistentVolume';
const claim = 'v1/PersistentVolumeClaim';
const attachment = 'storage.k8s.io/v1/VolumeAttachment';
const csiDriver = 'storage.k8s.io/v1/CSIDriver';
const csiNode = 'storage.k8s.io/v1/CSINode';
const storageClass = 'storage.k8s.io/v1/StorageClass';
const attributesClass = 'storage.k8s.io/v1/VolumeAttributesClass';
const csiCapacity = 'storage.k8s.io/v1/CSIStorageCapacity';

const volumeOf = (source: object) => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...source },
});
const claimOf = (more: object, metadata: object = {}) => ({
  metadata,
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
});
const csi = { driver: 'd.example.com', volumeHandle: 'h' };
const attached = (source: object) => ({ spec: { attacher: 'd.example.com', nodeName: 'n', source } });
const inline = 'in the context of inline volumes';
const at = 'spec.source.inlineVolumeSpec';

const onCreate: [string, object, string[]][] = [
  [volume, volumeOf({ csi }), []],
  [
    volume,
    volumeOf({
      csi: { driver: '', nodePublishSecretRef: { name: 's' }, controllerExpandSecretRef: { namespace: 'n' } },
    }),
    [
      'spec.csi.driver: Required value',
      'spec.csi.volumeHandle: Required value',
      'spec.csi.controllerExpandSecretRef.name: Required value',
      'spec.csi.nodePublishSecretRef.namespace: Required value',
    ],
  ],
  [
    volume,
    volumeOf({ capacity: { storage: '-1', cpu: '1' }, hostPath: { path: '/a' } }),
    [
      'spec.capacity: Unsupported value: {"storage":"-1","cpu":"1"}: supported values: "storage"',
      'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
      'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
    ],
  ],
  [
    volume,
    volumeOf({ local: { path: '/a/../b' } }),
    [
      'spec.local.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ],
  ],
  [
    volume,
    volumeOf({ hostPath: { path: '/' }, volumeAttributesClassName: '' }),
    [
      'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
      'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
    ],
  ],
  [
    volume,
    volumeOf({
      iscsi: { targetPortal: '', iqn: 'x', lun: 256, chapAuthSession: true, initiatorName: 'iqn.1' },
    }),
    [
      'spec.iscsi.targetPortal: Required value',
      'spec.iscsi.iqn: Invalid value: "x": must be valid format',
      'spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
      'spec.iscsi.secretRef: Required value',
      'spec.iscsi.initiatorname: Invalid value: "iqn.1": must be valid format',
    ],
  ],
  [
    volume,
    volumeOf({ cinder: { volumeID: 'v', secretRef: { name: 's' } } }),
    ['spec.cinder.secretRef.namespace: Required value'],
  ],
  [
    volume,
    volumeOf({ gcePersistentDisk: { pdName: '', partition: 300 } }),
    [
      'spec.persistentDisk.pdName: Required value',
      'spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive',
    ],
  ],
  [
    volume,
    volumeOf({ flexVolume: { driver: 'd', options: { 'a.k8s.io/x': '' } } }),
    [
      'spec.flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved',
    ],
  ],
  [
    volume,
    volumeOf({ azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Managed', cachingMode: 'No' } }),
    [
      'spec.azureDisk.cachingMode: Unsupported value: "No": supported values: "None", "ReadOnly", "ReadWrite"',
      'spec.azureDisk.diskURI: Unsupported value: "b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
    ],
  ],
  [
    volume,
    volumeOf({ quobyte: { registry: 'a', volume: '' } }),
    [
      'spec.quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas',
      'spec.quobyte.volume: Required value',
    ],
  ],
  [attachment, attached({ persistentVolumeName: 'v' }), []],
  [
    attachment,
    attached({ persistentVolumeName: '' }),
    ['spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName'],
  ],
  [
    attachment,
    attached({ inlineVolumeSpec: { claimRef: {}, capacity: { storage: '1' }, hostPath: { path: '/' } } }),
    [
      `${at}.claimRef: Forbidden: may not be specified ${inline}`,
      `${at}.capacity: Forbidden: may not be specified ${inline}`,
      `${at}.csi: Required value: has to be specified ${inline}`,
      `${at}.accessModes: Required value`,
    ],
  ],
  [
    csiDriver,
    {
      spec: {
        volumeLifecycleModes: ['Now'],
        tokenRequests: [{ audience: 'a' }, { audience: 'a' }, { audience: 'b', expirationSeconds: 2 ** 33 }],
        nodeAllocatableUpdatePeriodSeconds: 9,
      },
    },
    [
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
      'spec.tokenRequests[2].expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds',
      'spec.volumeLifecycleModes: Unsupported value: "Now": supported values: "Persistent", "Ephemeral"',
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
  ],
  [
    csiNode,
    {
      spec: {
        drivers: [
          { name: 'd', nodeID: 'n'.repeat(193), allocatable: { count: -1 }, topologyKeys: ['a', 'a'] },
          { name: 'd', nodeID: 'n' },
        ],
      },
    },
    [
      `spec.drivers[0].nodeID: Invalid value: "${'n'.repeat(193)}": must be 192 characters or less`,
      'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[0]: Duplicate value: "a"',
      'spec.drivers[1].name: Duplicate value: "d"',
    ],
  ],
  [
    storageClass,
    {
      provisioner: 'p',
      reclaimPolicy: 'Recycle',
      parameters: { '': 'x' },
      allowedTopologies: [
        {
          matchLabelExpressions: [
            { key: 'a', values: ['b', 'b'] },
            { key: 'a', values: [] },
          ],
        },
        { matchLabelExpressions: [{ key: 'c', values: ['d'] }] },
        { matchLabelExpressions: [{ key: 'c', values: ['d'] }] },
      ],
    },
    [
      'parameters: Invalid value: "": field can not be empty.',
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b"',
      'allowedTopologies[0].matchLabelExpressions[1].values: Required value',
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "a"',
      'allowedTopologies[2].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
  [
    attributesClass,
    { driverName: 'd', parameters: { a: 'x'.repeat(256 * 1024) } },
    ['parameters: Too long: may not be more than 262144 bytes'],
  ],
  [
    csiCapacity,
    { storageClassName: 'c', capacity: '-1' },
    ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
  ],
];

for (const [i, [kind, body, expected]] of onCreate.entries()) {
  test(`create ${kind} (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(kind, body), expected);
  });
}

const secret = { name: 's', namespace: 'n' };
const beta = 'volume.beta.kubernetes.io/storage-class';

/** The object, what it is changed to, and what is wrong. Texts with a diff are compared up to it. */
const onUpdate: [string, object, object, string[]][] = [
  [volume, volumeOf({ csi }), volumeOf({ csi: { ...csi, controllerExpandSecretRef: secret } }), []],
  [
    volume,
    volumeOf({ csi: { ...csi, controllerExpandSecretRef: secret } }),
    volumeOf({ csi }),
    ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'],
  ],
  [
    volume,
    volumeOf({ csi, volumeAttributesClassName: 'a' }),
    volumeOf({ csi }),
    ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
  ],
  [
    claim,
    claimOf({ volumeAttributesClassName: 'a' }),
    claimOf({ volumeAttributesClassName: '' }),
    ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to an empty string is forbidden'],
  ],
  [claim, claimOf({}), claimOf({ volumeAttributesClassName: 'a', storageClassName: 'b' }), []],
  [claim, claimOf({}, { annotations: { [beta]: 'a' } }), claimOf({ storageClassName: 'a' }), []],
  [
    claim,
    claimOf({}, { annotations: { [beta]: 'a' } }),
    claimOf({}, { annotations: { [beta]: 'b' } }),
    [`metadata.annotations.${beta}: Invalid value: "b": field is immutable`],
  ],
  [
    claim,
    claimOf({}, { annotations: { [beta]: 'a' } }),
    claimOf({ storageClassName: 'b' }, { annotations: { [beta]: 'a' } }),
    [
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ],
  ],
  [
    attachment,
    attached({ persistentVolumeName: 'v' }),
    attached({ persistentVolumeName: 'w' }),
    [
      'spec: Invalid value: {"attacher":"d.example.com","nodeName":"n","source":{"persistentVolumeName":"w"}}: field is immutable',
    ],
  ],
  [
    csiDriver,
    { spec: {} },
    { spec: { attachRequired: false } },
    ['spec.attachedRequired: Invalid value: false: field is immutable'],
  ],
  [
    csiNode,
    { spec: { drivers: [{ name: 'd', nodeID: 'n', allocatable: { count: 1 } }] } },
    { spec: { drivers: [{ name: 'd', nodeID: 'n', allocatable: { count: 2 } }] } },
    [],
  ],
  [
    csiNode,
    { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } },
    { spec: { drivers: [{ name: 'd', nodeID: 'm' }] } },
    ['spec.drivers: Invalid value: {"name":"d","nodeID":"m"}: field is immutable'],
  ],
];

for (const [i, [kind, body, change, expected]] of onUpdate.entries()) {
  test(`update ${kind} (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    const found = updated(kind, body, change);
    assert.deepEqual(
      found.map(text => text.split('\n')[0]),
      expected,
    );
  });
}
