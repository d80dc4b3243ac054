import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusUpdated } from './test-findings.ts';

const claim = 'v1/PersistentVolumeClaim';
const claimed = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
const selector = { matchLabels: { app: 'x' } };
const template = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
};
const attached = {
  spec: { attacher: 'd.example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
};

/** The kind, the object, the status it is to get, and what is wrong. */
const onStatus: [string, object, object, string[]][] = [
  [
    'policy/v1/PodDisruptionBudget',
    { spec: {} },
    { conditions: [{ type: 'A', status: 'Maybe', reason: 'B', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    ['status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"'],
  ],
  [
    'v1/Pod',
    { spec: { ...template.spec, resourceClaims: [{ name: 'a', resourceClaimTemplateName: 't' }] } },
    {
      resourceClaimStatuses: [
        { name: 'a', resourceClaimName: 'b' },
        { name: 'a', resourceClaimName: 'c' },
        { name: 'd' },
      ],
    },
    [
      'status.resourceClaimStatuses[1].name: Duplicate value: "a"',
      'status.resourceClaimStatuses[2].name: Invalid value: "d": must match the name of an entry in `spec.resourceClaims`',
    ],
  ],
  [
    'apps/v1/StatefulSet',
    { spec: { selector, template, serviceName: 'a' } },
    {
      replicas: 1,
      readyReplicas: 0,
      currentReplicas: 2,
      updatedReplicas: 3,
      availableReplicas: 1,
      observedGeneration: -1,
      collisionCount: -1,
    },
    [
      'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
      'status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.updatedReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
      'status.collisionCount: Invalid value: -1: cannot be decremented',
    ],
  ],
  [
    'apps/v1/Deployment',
    { spec: { selector, template } },
    { replicas: 1, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 2, collisionCount: -1 },
    [
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
      'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas',
      'status.collisionCount: Invalid value: -1: cannot be decremented',
    ],
  ],
  [
    'apps/v1/DaemonSet',
    { spec: { selector, template } },
    { currentNumberScheduled: -1, numberUnavailable: -2, collisionCount: -1 },
    [
      'status.currentNumberScheduled: Invalid value: -1: must be greater than or equal to 0',
      'status.numberUnavailable: Invalid value: -2: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: -1: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: -1: cannot be decremented',
    ],
  ],
  [
    claim,
    claimed,
    {
      phase: 'Bound',
      capacity: { storage: '1Gi' },
      allocatedResources: { storage: '2Gi', 'example.com/iops': '5' },
      allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    },
    [],
  ],
  [
    claim,
    claimed,
    {
      capacity: { storage: '-2' },
      allocatedResources: { cpu: '1', storage: '-1' },
      allocatedResourceStatuses: { storage: 'Soon', 'a b': 'NodeResizePending' },
    },
    [
      'status.capacity[storage]: Invalid value: -2: must be a valid resource quantity',
      'status.allocatedResourceStatus: Unsupported value: "storage": supported values: "ControllerResizeFailed", "ControllerResizeInProgress", "NodeResizeFailed", "NodeResizeInProgress", "NodeResizePending"',
      "status.allocatedResourceStatus: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
      'status.allocatedResources[storage]: Invalid value: -1: must be a valid resource quantity',
    ],
  ],
  [
    'storage.k8s.io/v1/VolumeAttachment',
    attached,
    { attached: false, attachError: { message: 'x'.repeat(1025), errorCode: -1 } },
    [
      'status.attachError.message: Too long: may not be more than 262144 bytes',
      'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ],
  ],
  [
    'networking.k8s.io/v1/Ingress',
    { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    { loadBalancer: { ingress: [{ ip: '10.0.0.300' }, { hostname: '10.0.0.1' }, { hostname: 'a.b' }] } },
    [
      'status.loadBalancer.ingress[0].ip: Invalid value: "10.0.0.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
  ],
  ...['autoscaling/v1/', 'autoscaling/v2/'].map((group): [string, object, object, string[]] => [
    `${group}HorizontalPodAutoscaler`,
    { spec: { maxReplicas: 1, scaleTargetRef: { kind: 'Deployment', name: 'x' } } },
    { currentReplicas: -1, desiredReplicas: -2 },
    [
      'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0',
    ],
  ]),
];

for (const [i, [kind, body, status, expected]] of onStatus.entries()) {
  test(`status of ${kind} (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(statusUpdated(kind, body, {}, status), expected);
  });
}
