import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects.ts';
import { prepareForUpdate, validateUpdate } from './registry.ts';
import { created, gvkOf, made, updated } from './test-findings.ts';

const service = (spec: object) => ({ spec: { ports: [{ port: 80 }], ...spec } });
const podSpec = { containers: [{ name: 'c', image: 'nginx' }] };
const template = { metadata: { labels: { app: 'x' } }, spec: podSpec };
const selector = { matchLabels: { app: 'x' } };
const jobTemplate = { metadata: { labels: { app: 'x' } }, spec: { ...podSpec, restartPolicy: 'Never' } };

const onCreate: [string, object, string[]][] = [
  ['v1/Service', service({}), []],
  [
    'v1/Service',
    { metadata: { name: 'Web_1' }, ...service({}) },
    [
      `metadata.name: Invalid value: "Web_1": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  ['v1/Service', { metadata: { name: '1abc' }, ...service({}) }, []],
  ['v1/Service', { spec: {} }, ['spec.ports: Required value']],
  ['v1/Service', service({ clusterIP: 'None', ports: [] }), []],
  [
    'v1/Service',
    service({ ports: [{ port: 80 }, { port: 80, name: 'b' }] }),
    ['spec.ports[0].name: Required value', 'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}'],
  ],
  [
    'v1/Service',
    service({ ports: [{ port: 0 }] }),
    [
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'v1/Service',
    service({ ports: [{ port: 80, nodePort: 30000 }] }),
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'v1/Service',
    service({ type: 'Weird' }),
    [
      'spec.type: Unsupported value: "Weird": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  ['v1/Service', { spec: { type: 'ExternalName' } }, ['spec.externalName: Required value']],
  [
    'v1/Service',
    service({ clusterIP: '10.0.0.300' }),
    [
      'spec.clusterIPs[0]: Invalid value: "10.0.0.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'v1/Service',
    service({ type: 'NodePort', clusterIP: 'None' }),
    [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
  ],
  [
    'v1/Service',
    service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 100000 } } }),
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 100000: must be greater than 0 and less than 86400',
    ],
  ],
  [
    'v1/Service',
    service({ externalIPs: ['127.0.0.1'] }),
    [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  [
    'v1/Service',
    service({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
    ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"],
  ],
  [
    'v1/ConfigMap',
    { data: { 'a b': '' } },
    [
      `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ],
  ],
  [
    'v1/ConfigMap',
    { data: { a: 'x'.repeat(1024 * 1024 + 1) } },
    ['[]: Too long: may not be more than 1048576 bytes'],
  ],
  [
    'v1/Secret',
    { type: 'kubernetes.io/tls', data: {} },
    ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  ],
  ['apps/v1/Deployment', { spec: { selector, template } }, []],
  [
    'apps/v1/Deployment',
    { spec: { selector: { matchLabels: { app: 'y' } }, template } },
    [
      'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'apps/v1/Deployment',
    { spec: { template } },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
    ],
  ],
  [
    'apps/v1/Deployment',
    { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] }, template: {} } },
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Near"}]}: invalid label selector',
    ],
  ],
  [
    'apps/v1/Deployment',
    { spec: { selector, template, strategy: { type: 'Slow' } } },
    ['spec.strategy: Unsupported value: {"type":"Slow"}: supported values: "Recreate", "RollingUpdate"'],
  ],
  [
    'apps/v1/DaemonSet',
    { spec: { selector: {}, template, updateStrategy: { type: 'Slow' } } },
    [
      'spec.selector: Invalid value: {}: empty selector is invalid for daemonset',
      'spec.updateStrategy: Unsupported value: {"type":"Slow"}: supported values: "RollingUpdate", "OnDelete"',
    ],
  ],
  [
    'apps/v1/StatefulSet',
    { spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: '0%' } } } },
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0'],
  ],
  [
    'apps/v1/StatefulSet',
    { spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: '101%' } } } },
    [
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
  ],
  [
    'apps/v1/Deployment',
    { spec: { selector, template, replicas: -1 } },
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'apps/v1/Deployment',
    { spec: { selector, template: { ...template, spec: { ...podSpec, restartPolicy: 'Never' } } } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'apps/v1/Deployment',
    {
      spec: {
        selector,
        template,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
      },
    },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    'batch/v1/Job',
    { spec: { template: { spec: podSpec } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  ['batch/v1/Job', { spec: { template: jobTemplate } }, []],
  [
    'batch/v1/CronJob',
    { spec: { schedule: 'now and then', jobTemplate: { spec: { template: jobTemplate } } } },
    ['spec.schedule: Invalid value: "now and then": expected exactly 5 fields, found 3: [now and then]'],
  ],
  [
    'batch/v1/CronJob',
    { spec: { schedule: '61 * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
    ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
  ],
  [
    'networking.k8s.io/v1/Ingress',
    { spec: {} },
    ['spec: Invalid value: []: either `defaultBackend` or `rules` must be specified'],
  ],
  [
    'networking.k8s.io/v1/NetworkPolicy',
    { spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] } },
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
  ],
  [
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
    { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 'sa' }] },
    [
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      'subjects[0].namespace: Required value',
    ],
  ],
  [
    'v1/PersistentVolumeClaim',
    { spec: {} },
    [
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ],
  ],
  [
    'scheduling.k8s.io/v1/PriorityClass',
    { value: 2_000_000_000 },
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'policy/v1/PodDisruptionBudget',
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    [
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    'discovery.k8s.io/v1/EndpointSlice',
    { addressType: 'IPv4', endpoints: [{ addresses: ['fd00::1'] }] },
    ['endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address'],
  ],
  [
    'networking.k8s.io/v1/IPAddress',
    { metadata: { name: 'FD00::1' }, spec: { parentRef: { resource: 'services', name: 'a' } } },
    ['metadata.name: Invalid value: "FD00::1": must be in canonical form ("fd00::1")'],
  ],
  [
    'apiextensions.k8s.io/v1/CustomResourceDefinition',
    {
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [
          { name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    },
    [
      'spec.versions: Invalid value: [{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]: must have exactly one version marked as storage version',
    ],
  ],
  [
    'networking.k8s.io/v1/ServiceCIDR',
    { spec: { cidrs: ['10.0.0.0/8', '10.1.0.0/16'] } },
    [
      'spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/8","10.1.0.0/16"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ],
  [
    'networking.k8s.io/v1/ServiceCIDR',
    { spec: { cidrs: ['a', 'b', 'c'] } },
    ['spec.cidrs: Invalid value: {"cidrs":["a","b","c"]}: may only hold up to 2 values'],
  ],
  [
    'v1/LimitRange',
    {
      spec: {
        limits: [{ type: 'Pod', min: { cpu: '1' }, max: { cpu: '3' }, maxLimitRequestRatio: { cpu: '4' } }],
      },
    },
    [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "4": ratio 4 is greater than max/min = 3.000000',
    ],
  ],
  [
    'v1/ResourceQuota',
    { spec: { hard: { pods: '1', cpu: '1' }, scopes: ['BestEffort'] } },
    ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
  ],
  ['v1/ResourceQuota', { spec: { hard: { pods: '1', cpu: '1' }, scopes: ['Terminating'] } }, []],
  [
    'v1/ResourceQuota',
    {
      spec: {
        hard: { pods: '1', 'requests.storage': '1Gi' },
        scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'In', values: ['a'] }] },
      },
    },
    [
      'spec.scopeSelector.matchExpressions: Invalid value: {"matchExpressions":[{"scopeName":"Terminating","operator":"In","values":["a"]}]}: unsupported scope applied to resource',
      `spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort and ResourceQuotaScopeNotBestEffort`,
    ],
  ],
  [
    'v1/ResourceQuota',
    {
      spec: {
        scopeSelector: {
          matchExpressions: [
            { scopeName: 'Terminating', operator: 'Exists' },
            { scopeName: 'NotTerminating', operator: 'Exists' },
          ],
        },
      },
    },
    ['spec.scopeSelector.matchExpressions: Invalid value: []: conflicting scopes'],
  ],
  [
    'v1/Secret',
    { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
    ['data[ssh-privatekey]: Required value'],
  ],
  [
    'networking.k8s.io/v1/Ingress',
    { spec: { rules: [{ http: { paths: [{ path: 'a' }] } }] } },
    ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
  ],
  [
    'networking.k8s.io/v1/Ingress',
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { ingressClassName: 'b', defaultBackend: { resource: { kind: 'a/b' } } },
    },
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      `spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain '/'`,
      'spec.defaultBackend.resource.name: Required value: name is required',
    ],
  ],
  [
    'networking.k8s.io/v1/Ingress',
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: {
        ingressClassName: 'a',
        defaultBackend: { service: { name: 'b', port: { number: 80 } } },
      },
    },
    [],
  ],
  [
    'networking.k8s.io/v1/IngressClass',
    {
      spec: { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', scope: 'Namespace', namespace: '-' } },
    },
    [
      `spec.parameters.namespace: Invalid value: "-": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  [
    'networking.k8s.io/v1/NetworkPolicy',
    { spec: { policyTypes: ['Ingress', 'Egress', 'Both'] } },
    [
      'spec.policyTypes: Invalid value: ["Ingress","Egress","Both"]: may not specify more than two policyTypes',
    ],
  ],
  [
    'networking.k8s.io/v1/NetworkPolicy',
    { spec: { policyTypes: ['Both'], ingress: [{ ports: [{ protocol: 'ICMP' }] }] } },
    [
      'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
    ],
  ],
  [
    'networking.k8s.io/v1/IPAddress',
    {
      metadata: { name: '10.0.0.1' },
      spec: { parentRef: { resource: 'a/b', name: '..', namespace: 'c%', group: 'g' } },
    },
    [
      `spec.parentRef.resource: Invalid value: "a/b": may not contain '/'`,
      `spec.parentRef.name: Invalid value: "..": may not be '..'`,
      `spec.parentRef.namespace: Invalid value: "c%": may not contain '%'`,
    ],
  ],
  [
    'discovery.k8s.io/v1/EndpointSlice',
    {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          deprecatedTopology: { zone: 'a', 'a b': 'c' },
          hints: { forZones: [{ name: 'a' }, { name: 'a' }], forNodes: Array(9).fill({ name: 'n' }) },
        },
      ],
    },
    [
      `endpoints[0].deprecatedTopology: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
      'endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items',
    ],
  ],
  [
    'rbac.authorization.k8s.io/v1/RoleBinding',
    { roleRef: { kind: 'Roll', name: 'r' }, subjects: [{ kind: 'User', name: '' }] },
    [
      'roleRef.kind: Unsupported value: "Roll": supported values: "Role", "ClusterRole"',
      'subjects[0].name: Required value',
      'subjects[0].name: Invalid value: "": user name cannot be empty',
    ],
  ],
  [
    'v1/LimitRange',
    { spec: { limits: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }] } },
    [
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
  ],
];

for (const [i, [path, body, expected]] of onCreate.entries()) {
  test(`create ${path} (${i}): ${expected[0]?.slice(0, 60) ?? 'valid'}`, () => {
    assert.deepEqual(created(path, body), expected);
  });
}

const onUpdate: [string, object, object, string[]][] = [
  [
    'apps/v1/Deployment',
    { spec: { selector, template } },
    {
      spec: {
        selector: { matchLabels: { app: 'x', b: 'c' } },
        template: { ...template, metadata: { labels: { app: 'x', b: 'c' } } },
      },
    },
    ['spec.selector: Invalid value: {"matchLabels":{"app":"x","b":"c"}}: field is immutable'],
  ],
  [
    'apps/v1/StatefulSet',
    { spec: { selector, template, serviceName: 'a' } },
    { spec: { selector, template, serviceName: 'b' } },
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ],
  [
    'v1/ConfigMap',
    { immutable: true, data: { a: '1' } },
    { data: { a: '2' } },
    ['data: Forbidden: field is immutable when `immutable` is set'],
  ],
  ['v1/Secret', { type: 'a/b' }, { type: 'c/d' }, ['type: Invalid value: "c/d": field is immutable']],
  [
    'v1/Service',
    service({ clusterIP: '10.96.0.5' }),
    service({ clusterIP: '10.96.0.6' }),
    ['spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set'],
  ],
  [
    'rbac.authorization.k8s.io/v1/RoleBinding',
    { roleRef: { kind: 'Role', name: 'a' } },
    { roleRef: { kind: 'Role', name: 'b' } },
    [
      'roleRef: Invalid value: {"kind":"Role","name":"b","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
    ],
  ],
  [
    'v1/Node',
    { spec: { externalID: 'a' } },
    { spec: {} },
    ['spec.externalID: Forbidden: may not be updated'],
  ],
  [
    'storage.k8s.io/v1/StorageClass',
    { provisioner: 'a' },
    { provisioner: 'b' },
    ['provisioner: Forbidden: updates to provisioner are forbidden.'],
  ],
];

for (const [path, body, change, expected] of onUpdate) {
  test(`update ${path}: ${expected[0]?.slice(0, 60)}`, () => {
    assert.deepEqual(updated(path, body, change), expected);
  });
}

test('a Service keeps what was allocated when an update leaves it out', () => {
  const gvk = gvkOf('v1/Service');
  const old = made(
    'v1/Service',
    service({
      type: 'NodePort',
      clusterIP: '10.96.0.5',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, nodePort: 30001 }],
    }),
  );
  const fresh = made('v1/Service', service({ type: 'NodePort' })) as {
    spec: Record<string, unknown>;
  } & KubeObject;
  prepareForUpdate(gvk, fresh, old);
  assert.equal(fresh.spec.clusterIP, '10.96.0.5');
  assert.deepEqual(fresh.spec.clusterIPs, ['10.96.0.5']);
  assert.deepEqual(fresh.spec.ipFamilies, ['IPv4']);
  assert.equal((fresh.spec.ports as { nodePort: number }[])[0]!.nodePort, 30001);
  assert.deepEqual(validateUpdate(gvk, fresh, old), []);
});

test('a Service that becomes ClusterIP gives its node ports back, one that becomes ExternalName its address', () => {
  const gvk = gvkOf('v1/Service');
  const was = { type: 'NodePort', clusterIP: '10.96.0.5', ports: [{ port: 80, nodePort: 30001 }] };
  const old = made('v1/Service', service(was));
  const plain = made('v1/Service', service({ ...was, type: 'ClusterIP' })) as {
    spec: Record<string, unknown>;
  } & KubeObject;
  prepareForUpdate(gvk, plain, old);
  assert.deepEqual(plain.spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  assert.equal(plain.spec.externalTrafficPolicy, undefined);
  assert.deepEqual(validateUpdate(gvk, plain, old), []);
  const name = made(
    'v1/Service',
    service({ ...was, type: 'ExternalName', externalName: 'example.com' }),
  ) as typeof plain;
  prepareForUpdate(gvk, name, old);
  assert.equal(name.spec.clusterIP, undefined);
  assert.deepEqual(validateUpdate(gvk, name, old), []);
});

test('stringData becomes data', () => {
  const secret = made('v1/Secret', { data: { a: 'MQ==' }, stringData: { b: '2' } }) as KubeObject & {
    data: object;
  };
  assert.deepEqual(secret.data, { a: 'MQ==', b: 'Mg==' });
  assert.equal('stringData' in secret, false);
});

test('defaults of a Deployment', () => {
  const { spec } = made('apps/v1/Deployment', { spec: { selector, template } }) as {
    spec?: Record<string, unknown>;
  };
  const { template: _, selector: __, ...rest } = spec!;
  assert.deepEqual(rest, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
});

test('a Job finds its pods by its uid', () => {
  const { spec } = made('batch/v1/Job', {
    metadata: { name: 'pi' },
    spec: { template: jobTemplate },
  }) as KubeObject & {
    spec: { selector: object; template: { metadata: { labels: object } } };
  };
  assert.deepEqual(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
  assert.deepEqual(spec.template.metadata.labels, {
    app: 'x',
    'controller-uid': 'u',
    'job-name': 'pi',
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': 'pi',
  });
});

test('the generation counts changes of the spec only', () => {
  const gvk = gvkOf('apps/v1/ReplicaSet');
  const old = made('apps/v1/ReplicaSet', { spec: { selector, template } });
  const same = made('apps/v1/ReplicaSet', { metadata: { labels: { a: 'b' } }, spec: { selector, template } });
  prepareForUpdate(gvk, same, old);
  assert.equal(same.metadata!.generation, 1);
  const scaled = made('apps/v1/ReplicaSet', { spec: { selector, template, replicas: 3 } });
  prepareForUpdate(gvk, scaled, old);
  assert.equal(scaled.metadata!.generation, 2);
});
