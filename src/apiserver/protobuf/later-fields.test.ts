import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { encodeMessage } from './encode.ts';
import { messageInfo } from './messages.ts';

/** Text as hexadecimal bytes, behind its length. */
const text = (value: string) =>
  Buffer.from([Buffer.byteLength(value), ...Buffer.from(value)]).toString('hex');

/** Fields that came after 1.32, and the forms of schemas, with their bytes as the field numbers of upstream's 1.36 make them. */
const rows: [message: string, object: JsonObject, hex: string][] = [
  ['apps.v1.DeploymentStatus', { terminatingReplicas: 2 }, '4802'],
  ['apps.v1.ReplicaSetStatus', { terminatingReplicas: 2 }, '3802'],
  ['autoscaling.v2.HPAScalingRules', { tolerance: '0.05' }, `22060a${text('0.05')}`],
  ['core.v1.ContainerStatus', { stopSignal: 'SIGHUP' }, `7a${text('SIGHUP')}`],
  ['core.v1.Lifecycle', { stopSignal: 'SIGHUP' }, `1a${text('SIGHUP')}`],
  [
    'core.v1.Container',
    { restartPolicyRules: [{ action: 'R', exitCodes: { operator: 'In', values: [42, 43] } }] },
    'ca010d' + '0a0152' + '1208' + '0a02496e' + '102a' + '102b',
  ],
  [
    'core.v1.EnvVarSource',
    { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k', optional: true } },
    '2a0b' + '0a0176' + '120170' + '1a016b' + '2001',
  ],
  [
    'core.v1.VolumeProjection',
    {
      podCertificate: {
        signerName: 's',
        keyType: 'e',
        maxExpirationSeconds: 3600,
        credentialBundlePath: 'b',
        keyPath: 'k',
        certificateChainPath: 'c',
        userAnnotations: { a: 'd' },
      },
    },
    '321a' + '0a0173' + '120165' + '18901c' + '220162' + '2a016b' + '320163' + '3a06' + '0a0161' + '120164',
  ],
  ['core.v1.NodeSystemInfo', { swap: { capacity: 5 } }, '5a02' + '0805'],
  ['core.v1.NodeStatus', { declaredFeatures: ['a', 'b'] }, '720161' + '720162'],
  ['core.v1.PodCondition', { observedGeneration: 3 }, '3803'],
  ['core.v1.PodSpec', { hostnameOverride: 'h' }, 'ca020168'],
  ['core.v1.PodSpec', { schedulingGroup: { podGroupName: 'g' } }, 'da0203' + '0a0167'],
  [
    'core.v1.PodStatus',
    { extendedResourceClaimStatus: { requestMappings: [{ containerName: 'c' }], resourceClaimName: 'n' } },
    '920108' + '0a03' + '0a0163' + '12016e',
  ],
  [
    'core.v1.PodStatus',
    {
      nodeAllocatableResourceClaimStatuses: [
        { resourceClaimName: 'n', containers: ['c'], resources: { cpu: '2' } },
      ],
    },
    'aa0112' + '0a016e' + '120163' + '1a0a' + '0a03637075' + '1203' + '0a0132',
  ],
  ['core.v1.ResourceHealth', { message: 'm' }, '32016d'],
  ['core.v1.VolumeMountStatus', { volumeStatus: { image: { imageRef: 'i' } } }, '2a05' + '0a03' + '0a0169'],
  ['discovery.v1.EndpointHints', { forNodes: [{ name: 'n' }] }, '1203' + '0a016e'],
  [
    'storage.v1.CSIDriverSpec',
    {
      nodeAllocatableUpdatePeriodSeconds: 10,
      serviceAccountTokenInSecrets: true,
      preventPodSchedulingIfMissing: true,
    },
    '480a' + '5001' + '5801',
  ],
  ['storage.v1.VolumeError', { errorCode: 13 }, '180d'],
  [
    'admissionregistration.v1.MutatingAdmissionPolicySpec',
    {
      paramKind: { kind: 'K' },
      mutations: [
        { patchType: 'J', applyConfiguration: { expression: 'a' }, jsonPatch: { expression: 'b' } },
      ],
      failurePolicy: 'F',
      reinvocationPolicy: 'N',
    },
    '0a03' + '12014b' + '220d' + '12014a' + '1a03' + '0a0161' + '2203' + '0a0162' + '2a0146' + '3a014e',
  ],
  [
    'resource.v1.Device',
    { nodeAllocatableResourceMappings: { cpu: { capacityKey: 'k', allocationMultiplier: '2' } } },
    '6a0f' + '0a03637075' + '1208' + '0a016b' + '1203' + '0a0132',
  ],
  [
    'resource.v1.DeviceAttribute',
    { ints: [1, 300], bools: [true, false], strings: ['s'], versions: ['1'] },
    '3001' + '30ac02' + '3801' + '3800' + '420173' + '4a0131',
  ],
  [
    'apiextensions.v1.JSONSchemaProps',
    { $ref: 'r', minimum: 0, enum: [1], properties: { a: {} }, 'x-kubernetes-list-type': 'set' },
    '1a0172' + '590000000000000000' + 'a20103' + '0a0131' + 'ea0105' + '0a0161' + '1200' + 'd20203736574',
  ],
  ['apiextensions.v1.JSONSchemaProps', { items: { type: 's' } }, 'c20105' + '0a03' + '2a0173'],
  ['apiextensions.v1.JSONSchemaProps', { items: [{ type: 's' }, {}] }, 'c20107' + '1203' + '2a0173' + '1200'],
  ['apiextensions.v1.JSONSchemaProps', { additionalProperties: false }, 'f20102' + '0800'],
  ['apiextensions.v1.JSONSchemaProps', { additionalProperties: true }, 'f20102' + '0801'],
  ['apiextensions.v1.JSONSchemaProps', { additionalProperties: {} }, 'f20104' + '0801' + '1200'],
  [
    'apiextensions.v1.JSONSchemaProps',
    { dependencies: { a: ['b'] } },
    '820208' + '0a0161' + '1203' + '120162',
  ],
];

for (const [message, object, hex] of rows) {
  test(`${message} ${Object.keys(object).join(', ')}`, () => {
    assert.equal(encodeMessage(object, messageInfo(message)!).toString('hex'), hex);
  });
}
