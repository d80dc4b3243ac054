import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/objects.ts';
import { builtinByResource } from '../../api/resources.ts';
import { type TableOptions, tableFor } from './table.ts';

const now = Date.parse('2026-01-10T12:00:00Z');
const meta = (name: string, more: object = {}) => ({
  name,
  namespace: 'default',
  creationTimestamp: '2026-01-10T11:55:00Z',
  ...more,
});

/** The table as text, `-o wide` where asked. */
function printed(path: string, objects: object[], wide = false): string[] {
  const [group = '', version = '', resource = ''] = path.split('/');
  const info = builtinByResource({ group, version, resource });
  assert.ok(info, path);
  const table = tableFor(info, objects as KubeObject[], { now });
  const shown = table.columnDefinitions.map((c, i) => ({ c, i })).filter(({ c }) => wide || c.priority === 0);
  for (const row of table.rows) assert.equal(row.cells.length, table.columnDefinitions.length, path);
  const lines = [
    shown.map(({ c }) => c.name.toUpperCase()),
    ...table.rows.map(r => shown.map(({ i }) => r.cells[i])),
  ];
  return lines.map(line => line.join(' | '));
}

const running = { running: { startedAt: 'x' } };
const container = (name: string, state: object, more: object = {}) => ({
  name,
  state,
  ready: 'running' in state,
  restartCount: 0,
  image: '',
  imageID: '',
  ...more,
});
const spec = (n: number, init = 0) => ({
  containers: Array.from({ length: n }, (_, i) => ({ name: `c${i}`, image: `i${i}` })),
  initContainers: Array.from({ length: init }, (_, i) => ({ name: `i${i}`, image: 'x' })),
});
const ago3m = '2026-01-10T11:57:00Z';

const podRows: [string, object, string][] = [
  ['pending', { spec: spec(1), status: { phase: 'Pending' } }, 'web | 0/1 | Pending | 0 | 5m'],
  [
    'gated',
    {
      spec: spec(1),
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      },
    },
    'web | 0/1 | SchedulingGated | 0 | 5m',
  ],
  [
    'creating',
    {
      spec: spec(1),
      status: {
        phase: 'Pending',
        containerStatuses: [container('c0', { waiting: { reason: 'ContainerCreating' } })],
      },
    },
    'web | 0/1 | ContainerCreating | 0 | 5m',
  ],
  [
    'running with a restart',
    {
      spec: spec(2),
      status: {
        phase: 'Running',
        containerStatuses: [
          container('c0', running),
          container('c1', running, {
            restartCount: 3,
            lastState: { terminated: { exitCode: 1, finishedAt: ago3m } },
          }),
        ],
      },
    },
    'web | 2/2 | Running | 3 (3m ago) | 5m',
  ],
  [
    'crashing',
    {
      spec: spec(1),
      status: {
        phase: 'Running',
        containerStatuses: [
          container(
            'c0',
            { waiting: { reason: 'CrashLoopBackOff' } },
            {
              restartCount: 2,
              lastState: { terminated: { exitCode: 1, finishedAt: ago3m } },
            },
          ),
        ],
      },
    },
    'web | 0/1 | CrashLoopBackOff | 2 (3m ago) | 5m',
  ],
  [
    'second init container',
    {
      spec: spec(1, 2),
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          container('i0', { terminated: { exitCode: 0, reason: 'Completed' } }),
          container('i1', running),
        ],
        containerStatuses: [container('c0', { waiting: { reason: 'PodInitializing' } })],
      },
    },
    'web | 0/1 | Init:1/2 | 0 | 5m',
  ],
  [
    'failing init container',
    {
      spec: spec(1, 1),
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          container('i0', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 4 }),
        ],
      },
    },
    'web | 0/1 | Init:CrashLoopBackOff | 4 | 5m',
  ],
  [
    'a sidecar counts',
    {
      spec: { ...spec(1), initContainers: [{ name: 'i0', image: 'x', restartPolicy: 'Always' }] },
      status: {
        phase: 'Running',
        initContainerStatuses: [container('i0', running, { started: true })],
        containerStatuses: [container('c0', running)],
      },
    },
    'web | 2/2 | Running | 0 | 5m',
  ],
  [
    'completed',
    {
      spec: spec(1),
      status: {
        phase: 'Succeeded',
        containerStatuses: [container('c0', { terminated: { exitCode: 0, reason: 'Completed' } })],
      },
    },
    'web | 0/1 | Completed | 0 | 5m',
  ],
  [
    'killed without a reason',
    {
      spec: spec(1),
      status: {
        phase: 'Failed',
        containerStatuses: [container('c0', { terminated: { exitCode: 137, signal: 9 } })],
      },
    },
    'web | 0/1 | Signal:9 | 0 | 5m',
  ],
  [
    'one done, one running',
    {
      spec: spec(2),
      status: {
        phase: 'Running',
        containerStatuses: [
          container('c0', { terminated: { exitCode: 0, reason: 'Completed' } }),
          container('c1', running),
        ],
      },
    },
    'web | 1/2 | NotReady | 0 | 5m',
  ],
  [
    'evicted',
    { spec: spec(1), status: { phase: 'Failed', reason: 'Evicted' } },
    'web | 0/1 | Evicted | 0 | 5m',
  ],
];

for (const [name, pod, expected] of podRows) {
  test(`pods: ${name}`, () => {
    assert.equal(printed('/v1/pods', [{ metadata: meta('web'), ...pod }])[1], expected);
  });
}

test('pods: terminating, wide', () => {
  const pod = {
    metadata: meta('web', { deletionTimestamp: '2026-01-10T11:59:59Z' }),
    spec: { ...spec(1), nodeName: 'n1', readinessGates: [{ conditionType: 'x/y' }] },
    status: {
      phase: 'Running',
      podIP: '10.244.0.5',
      containerStatuses: [container('c0', running)],
      conditions: [{ type: 'x/y', status: 'True' }],
    },
  };
  assert.deepEqual(printed('/v1/pods', [pod], true), [
    'NAME | READY | STATUS | RESTARTS | AGE | IP | NODE | NOMINATED NODE | READINESS GATES',
    'web | 1/1 | Terminating | 0 | 5m | 10.244.0.5 | n1 | <none> | 1/1',
  ]);
});

const golden: [string, object[], string[]][] = [
  [
    '/v1/services',
    [
      {
        metadata: meta('a'),
        spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', ports: [{ port: 80, protocol: 'TCP' }] },
      },
      {
        metadata: meta('b'),
        spec: {
          type: 'NodePort',
          clusterIP: '10.96.0.2',
          ports: [
            { port: 80, nodePort: 30080, protocol: 'TCP' },
            { port: 53, nodePort: 30053, protocol: 'UDP' },
          ],
        },
      },
      {
        metadata: meta('c'),
        spec: { type: 'LoadBalancer', clusterIP: '10.96.0.3', ports: [{ port: 1, protocol: 'TCP' }] },
      },
      {
        metadata: meta('d'),
        spec: { type: 'LoadBalancer', clusterIP: '10.96.0.4', ports: [{ port: 1, protocol: 'TCP' }] },
        status: { loadBalancer: { ingress: [{ ip: '172.30.0.200' }] } },
      },
      { metadata: meta('e'), spec: { type: 'ExternalName', externalName: 'example.com' } },
      { metadata: meta('f'), spec: { type: 'ClusterIP', clusterIP: 'None', selector: { b: '2', a: '1' } } },
    ],
    [
      'NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE',
      'a | ClusterIP | 10.96.0.1 | <none> | 80/TCP | 5m',
      'b | NodePort | 10.96.0.2 | <none> | 80:30080/TCP,53:30053/UDP | 5m',
      'c | LoadBalancer | 10.96.0.3 | <pending> | 1/TCP | 5m',
      'd | LoadBalancer | 10.96.0.4 | 172.30.0.200 | 1/TCP | 5m',
      'e | ExternalName | <none> | example.com | <none> | 5m',
      'f | ClusterIP | None | <none> | <none> | 5m',
    ],
  ],
  [
    '/v1/nodes',
    [
      {
        metadata: meta('n1', { labels: { 'node-role.kubernetes.io/worker': '' } }),
        spec: { unschedulable: true },
        status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.36.0' } },
      },
      { metadata: meta('n2'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
    ],
    [
      'NAME | STATUS | ROLES | AGE | VERSION',
      'n1 | Ready,SchedulingDisabled | worker | 5m | v1.36.0',
      'n2 | NotReady | <none> | 5m | ',
    ],
  ],
  [
    'apps/v1/deployments',
    [
      {
        metadata: meta('web'),
        spec: { replicas: 3 },
        status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
      },
    ],
    ['NAME | READY | UP-TO-DATE | AVAILABLE | AGE', 'web | 2/3 | 3 | 2 | 5m'],
  ],
  [
    '/v1/endpoints',
    [
      {
        metadata: meta('web'),
        subsets: [{ addresses: [1, 2, 3, 4].map(i => ({ ip: `10.0.0.${i}` })), ports: [{ port: 80 }] }],
      },
      { metadata: meta('none') },
    ],
    [
      'NAME | ENDPOINTS | AGE',
      'web | 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more... | 5m',
      'none | <none> | 5m',
    ],
  ],
  [
    'discovery.k8s.io/v1/endpointslices',
    [
      {
        metadata: meta('a'),
        addressType: 'IPv4',
        ports: [{ port: 80 }],
        endpoints: [{ addresses: ['10.0.0.1'] }],
      },
      { metadata: meta('b'), addressType: 'IPv4', endpoints: [] },
    ],
    [
      'NAME | ADDRESSTYPE | PORTS | ENDPOINTS | AGE',
      'a | IPv4 | 80 | 10.0.0.1 | 5m',
      'b | IPv4 | <unset> | <unset> | 5m',
    ],
  ],
  [
    'batch/v1/jobs',
    [
      {
        metadata: meta('pi'),
        spec: { completions: 1 },
        status: {
          succeeded: 1,
          startTime: '2026-01-10T11:55:00Z',
          completionTime: '2026-01-10T11:55:42Z',
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
    ],
    ['NAME | STATUS | COMPLETIONS | DURATION | AGE', 'pi | Complete | 1/1 | 42s | 5m'],
  ],
  [
    'batch/v1/cronjobs',
    [{ metadata: meta('tick'), spec: { schedule: '* * * * *', suspend: false }, status: {} }],
    [
      'NAME | SCHEDULE | TIMEZONE | SUSPEND | ACTIVE | LAST SCHEDULE | AGE',
      'tick | * * * * * | <none> | False | 0 | <none> | 5m',
    ],
  ],
  [
    '/v1/events',
    [
      {
        metadata: meta('web.1'),
        type: 'Normal',
        reason: 'Pulled',
        message: 'done\n',
        count: 4,
        firstTimestamp: '2026-01-10T11:58:00Z',
        lastTimestamp: '2026-01-10T11:59:30Z',
        involvedObject: { kind: 'Pod', name: 'web' },
      },
    ],
    ['LAST SEEN | TYPE | REASON | OBJECT | MESSAGE', '30s | Normal | Pulled | pod/web | done'],
  ],
  [
    'rbac.authorization.k8s.io/v1/roles',
    [{ metadata: meta('reader') }],
    ['NAME | CREATED AT', 'reader | 2026-01-10T11:55:00Z'],
  ],
  [
    'rbac.authorization.k8s.io/v1/clusterrolebindings',
    [{ metadata: meta('a'), roleRef: { kind: 'ClusterRole', name: 'admin' }, subjects: [] }],
    ['NAME | ROLE | AGE', 'a | ClusterRole/admin | 5m'],
  ],
  [
    'storage.k8s.io/v1/storageclasses',
    [
      {
        metadata: meta('std', { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }),
        provisioner: 'p',
      },
    ],
    [
      'NAME | PROVISIONER | RECLAIMPOLICY | VOLUMEBINDINGMODE | ALLOWVOLUMEEXPANSION | AGE',
      'std (default) | p | Delete | Immediate | false | 5m',
    ],
  ],
  [
    'autoscaling/v2/horizontalpodautoscalers',
    [
      {
        metadata: meta('web'),
        spec: {
          scaleTargetRef: { kind: 'Deployment', name: 'web' },
          maxReplicas: 5,
          minReplicas: 1,
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
            },
          ],
        },
      },
    ],
    [
      'NAME | REFERENCE | TARGETS | MINPODS | MAXPODS | REPLICAS | AGE',
      'web | Deployment/web | cpu: <unknown>/80% | 1 | 5 | 0 | 5m',
    ],
  ],
  [
    'networking.k8s.io/v1/ingresses',
    [{ metadata: meta('web'), spec: { rules: [{ host: 'a.example' }], tls: [{}] } }],
    ['NAME | CLASS | HOSTS | ADDRESS | PORTS | AGE', 'web | <none> | a.example |  | 80, 443 | 5m'],
  ],
  [
    'networking.k8s.io/v1/ipaddresses',
    [
      {
        metadata: meta('10.96.0.1'),
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } },
      },
    ],
    ['NAME | PARENTREF | AGE', '10.96.0.1 | services/default/kubernetes | 5m'],
  ],
  [
    '/v1/configmaps',
    [{ metadata: meta('c'), data: { a: '1', b: '2' } }],
    ['NAME | DATA | AGE', 'c | 2 | 5m'],
  ],
  [
    'networking.k8s.io/v1/networkpolicies',
    [{ metadata: meta('deny'), spec: { podSelector: {} } }],
    ['NAME | POD-SELECTOR | AGE', 'deny | <none> | 5m'],
  ],
  [
    'apps/v1/controllerrevisions',
    [
      {
        metadata: meta('web-1', {
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }],
        }),
        revision: 1,
      },
    ],
    ['NAME | CONTROLLER | REVISION | AGE', 'web-1 | statefulset.apps/web | 1 | 5m'],
  ],
];

for (const [path, objects, expected] of golden) {
  test(`golden: ${path}`, () => assert.deepEqual(printed(path, objects), expected));
}

test('every built-in kind prints a bare object', async () => {
  const { builtinResources } = await import('../../api/resources.ts');
  for (const resource of builtinResources) {
    const table = tableFor(resource, [{ metadata: meta('x') }], { now });
    assert.equal(table.rows[0]!.cells.length, table.columnDefinitions.length, resource.plural);
    assert.ok(!table.rows[0]!.cells.includes(undefined as never), resource.plural);
  }
});

test('rows carry what was asked for', () => {
  const info = builtinByResource({ group: '', version: 'v1', resource: 'configmaps' })!;
  const object = { metadata: meta('c'), data: {} };
  const rowOf = (includeObject: TableOptions['includeObject']) =>
    tableFor(info, [object], { now, includeObject }).rows[0]!.object;
  assert.equal(rowOf('None'), undefined);
  assert.deepEqual(rowOf('Metadata'), {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  });
  assert.equal(rowOf('Object'), object);
});

test('custom columns by JSONPath', () => {
  const columns = [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Zone', type: 'string', jsonPath: ".metadata.labels['topology\\.k8s\\.io/zone']", priority: 1 },
    { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Missing', type: 'string', jsonPath: '.spec.nothing' },
  ];
  const object = {
    metadata: meta('t', { labels: { 'topology.k8s.io/zone': 'z1' } }),
    spec: { size: 3 },
    status: {
      conditions: [
        { type: 'Other', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
  const info = { group: 'example.com', version: 'v1', kind: 'Thing' };
  assert.deepEqual(tableFor(info, [object as KubeObject], { now, columns }).rows[0]!.cells, [
    't',
    'True',
    3,
    'z1',
    '5m',
    null,
  ]);
});
