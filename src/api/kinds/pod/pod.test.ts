import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../generated/types.ts';
import {
  applyDefaults,
  prepareForCreate,
  prepareForUpdate,
  validateCreate,
  validateUpdate,
} from '../registry.ts';

const gvk = { group: '', version: 'v1', kind: 'Pod' };

function pod(spec: object): Pod {
  const object = { metadata: { name: 'web', namespace: 'default', resourceVersion: '1' }, spec } as Pod;
  applyDefaults(gvk, object);
  prepareForCreate(gvk, object);
  return object;
}

function findings(spec: object): string[] {
  return validateCreate(gvk, pod(spec)).map(f => `${f.field}: ${f.message}`);
}

const c = { name: 'c', image: 'nginx' };
const labelRegex =
  "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const rows: [string, object, string[]][] = [
  ['a right pod', { containers: [c] }, []],
  [
    'labels that name their values twice',
    {
      containers: [c],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: {
            matchExpressions: [
              { key: 'app', operator: 'Exists' },
              { key: 'app', operator: 'In', values: ['a'] },
            ],
          },
          matchLabelKeys: ['app'],
        },
      ],
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'zone',
              labelSelector: {
                matchLabels: { app: 'a' },
                matchExpressions: [{ key: 'app', operator: 'Exists' }],
              },
              matchLabelKeys: ['tier', 'app'],
            },
          ],
        },
      },
    },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0][1]: Invalid value: "app": exists in both matchLabelKeys and labelSelector',
      'spec.topologySpreadConstraints[0][0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector',
    ],
  ],
  [
    'a claim nobody makes',
    {
      containers: [{ ...c, resources: { claims: [{ name: 'gpu' }] } }],
      resourceClaims: [
        { name: 'b', resourceClaimName: 'b' },
        { name: 'a', resourceClaimName: 'a' },
      ],
    },
    [
      'spec.containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims: a, b',
    ],
  ],
  [
    'a claim where there are none',
    { containers: [{ ...c, resources: { claims: [{ name: 'gpu' }] } }] },
    [
      'spec.containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
    ],
  ],
  [
    'options of Windows on Linux',
    {
      os: { name: 'linux' },
      containers: [c],
      initContainers: [{ ...c, name: 'i', securityContext: { windowsOptions: {} } }],
    },
    [
      'spec.initContainers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
  ],
  [
    'options of Linux on Windows',
    {
      os: { name: 'windows' },
      containers: [{ ...c, securityContext: { privileged: false } }],
      securityContext: { fsGroup: 1, sysctls: [] },
      hostPID: true,
    },
    [
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
      'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ],
  ],
  [
    'a trust bundle of a signer that is none',
    {
      containers: [c],
      volumes: [
        { name: 'v', projected: { sources: [{ clusterTrustBundle: { signerName: 'a', path: 'p' } }] } },
      ],
    },
    [
      `spec.volumes[0].projected.sources[0].clusterTrustBundlePEM.signerName: Invalid value: "a": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    ],
  ],
  [
    'a claim template with a name',
    {
      containers: [c],
      volumes: [
        {
          name: 'v',
          ephemeral: {
            volumeClaimTemplate: {
              metadata: { name: 'x', finalizers: ['a/b'], labels: { a: 'b' } },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
      ],
    },
    [
      'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.Name: Forbidden: cannot be set',
      'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.Finalizers: Forbidden: cannot be set',
    ],
  ],
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  [
    'a bad container name',
    { containers: [{ ...c, name: 'My_App' }] },
    [
      `spec.containers[0].name: Invalid value: "My_App": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character ${labelRegex}`,
    ],
  ],
  ['no image', { containers: [{ name: 'c' }] }, ['spec.containers[0].image: Required value']],
  ['two of a name', { containers: [c, c] }, ['spec.containers[1].name: Duplicate value: "c"']],
  [
    'an unknown restart policy',
    { containers: [c], restartPolicy: 'Sometimes' },
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'a mount without its volume',
    { containers: [{ ...c, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    'a port out of range',
    { containers: [{ ...c, ports: [{ containerPort: 70000 }] }] },
    [
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'an unknown protocol',
    { containers: [{ ...c, ports: [{ containerPort: 80, protocol: 'HTTP' }] }] },
    [
      'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  [
    'a request above its limit',
    { containers: [{ ...c, resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }] },
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  [
    'an unknown pull policy',
    { containers: [{ ...c, imagePullPolicy: 'Often' }] },
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    'a probe that does nothing',
    { containers: [{ ...c, livenessProbe: { periodSeconds: 3 } }] },
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [
    'a liveness probe that must succeed twice',
    { containers: [{ ...c, livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } }] },
    ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
  ],
  [
    'an init container with a probe',
    {
      containers: [c],
      initContainers: [{ name: 'i', image: 'x', readinessProbe: { tcpSocket: { port: 1 } } }],
    },
    [
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    'a sidecar with a probe',
    {
      containers: [c],
      initContainers: [
        { name: 'i', image: 'x', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } },
      ],
    },
    [],
  ],
  [
    'an env variable of two sources',
    {
      containers: [
        { ...c, env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      ],
    },
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
  ],
  [
    'a field the downward API does not have',
    { containers: [{ ...c, env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } }] }] },
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.hostname": error converting fieldPath: field label not supported: spec.hostname',
    ],
  ],
  [
    'two sorts in one volume',
    { containers: [c], volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a toleration without key',
    { containers: [c], tolerations: [{ operator: 'Equal', value: 'x' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'dnsPolicy None without a server',
    { containers: [c], dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'a host alias that is no address',
    { containers: [c], hostAliases: [{ ip: 'nowhere', hostnames: ['a'] }] },
    [
      'spec.hostAliases[0].ip: Invalid value: "nowhere": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'hostNetwork with another host port',
    { containers: [{ ...c, ports: [{ containerPort: 80, hostPort: 81 }] }], hostNetwork: true },
    [
      'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
    ],
  ],
  [
    'a spread constraint without skew',
    {
      containers: [c],
      topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Maybe' }],
    },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    'a resource that is none',
    { containers: [{ ...c, resources: { limits: { gpu: '1' } } }] },
    [
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    ],
  ],
];

for (const [name, spec, expected] of rows) {
  test(`create: ${name}`, () => assert.deepEqual(findings(spec), expected));
}

test('defaults of a minimal pod', () => {
  assert.deepEqual(pod({ containers: [{ name: 'c', image: 'nginx:1.27' }], serviceAccount: 'sa' }), {
    metadata: { name: 'web', namespace: 'default', resourceVersion: '1', generation: 1 },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'nginx:1.27',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      serviceAccount: 'sa',
      serviceAccountName: 'sa',
      terminationGracePeriodSeconds: 30,
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  });
});

for (const [image, policy] of [
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1', 'IfNotPresent'],
  ['host:5000/nginx', 'Always'],
  ['host:5000/nginx:1', 'IfNotPresent'],
  ['nginx@sha256:abc', 'IfNotPresent'],
] as const) {
  test(`pull policy of ${image}`, () => {
    assert.equal(pod({ containers: [{ name: 'c', image }] }).spec!.containers[0]!.imagePullPolicy, policy);
  });
}

function update(change: (spec: Record<string, unknown>) => void): string[] {
  const old = pod({ containers: [{ name: 'c', image: 'nginx:1' }] });
  const fresh = structuredClone(old);
  change(fresh.spec as unknown as Record<string, unknown>);
  prepareForUpdate(gvk, fresh, old);
  return validateUpdate(gvk, fresh, old).map(f => `${f.field}: ${f.message}`);
}

test('update: the image may change', () => {
  assert.deepEqual(
    update(spec => {
      spec.containers = [{ ...(spec.containers as object[])[0], image: 'nginx:2' }];
    }),
    [],
  );
});

test('update: the rest may not, and the message says what may', () => {
  assert.deepEqual(
    update(spec => {
      spec.hostname = 'other';
    }),
    [
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n+ hostname: "other"\n',
    ],
  );
});

test('update: no container more, no container less', () => {
  assert.deepEqual(
    update(spec => {
      spec.containers = [
        ...(spec.containers as object[]),
        { ...(spec.containers as object[])[0], name: 'd' },
      ];
    }),
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  );
});

test('labels a pod has itself may be named by a constraint without being spelled out', () => {
  const spec = {
    containers: [c],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { tier: 'web' } },
        matchLabelKeys: ['app'],
      },
    ],
  };
  const object = { metadata: { name: 'web', namespace: 'default', labels: { app: 'a' } }, spec } as Pod;
  applyDefaults(gvk, object);
  prepareForCreate(gvk, object);
  assert.deepEqual(validateCreate(gvk, object), []);
  const selector = object.spec!.topologySpreadConstraints![0]!.labelSelector;
  assert.deepEqual(selector, {
    matchLabels: { tier: 'web' },
    matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }],
  });
});

test('profiles in annotations are profiles, of containers there are', () => {
  const annotations = {
    'seccomp.security.alpha.kubernetes.io/pod': 'strict',
    'container.seccomp.security.alpha.kubernetes.io/c': 'localhost/../a',
    'container.seccomp.security.alpha.kubernetes.io/d': 'runtime/default',
    'container.apparmor.security.beta.kubernetes.io/c': 'strict',
    'container.apparmor.security.beta.kubernetes.io/e': 'localhost/a',
  };
  const object = pod({ containers: [c] });
  object.metadata!.annotations = annotations;
  assert.deepEqual(
    validateCreate(gvk, object).map(f => `${f.field}: ${f.message}`),
    [
      'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "strict": must be a valid seccomp profile',
      `metadata.annotations.container.seccomp.security.alpha.kubernetes.io/c: Invalid value: "../a": must not contain '..'`,
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: Invalid value: "strict": invalid AppArmor profile name: "strict"',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/e]: Invalid value: "e": container not found',
    ],
  );
});
