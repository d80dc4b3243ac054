import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricSpecV2, Pod } from '../../api/generated/types.ts';
import { ApiError } from '../../api/status.ts';
import type { Transport } from '../../client/transport.ts';
import { MetricFailure, MetricProposals, type Scaled } from './metric-proposals.ts';
import { MetricsSource } from './metrics-source.ts';
import { ScaleTargets } from './scale-target.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const timestamp = '2030-01-01T00:00:00Z';

const pod = (name: string): Pod => ({
  metadata: { name },
  spec: {
    containers: [
      { name: 'main', resources: { requests: { cpu: '200m' } } },
      { name: 'proxy', resources: { requests: { cpu: '50m' } } },
    ],
  },
  status: {
    phase: 'Running',
    startTime: '2029-12-31T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2029-12-31T00:00:01Z' }],
  },
});

const used = (name: string, main: string, proxy: string) => ({
  metadata: { name },
  ...{ timestamp, window: '15.02s' },
  containers: [
    { name: 'main', usage: { cpu: main, memory: '60Mi' } },
    { name: 'proxy', usage: { cpu: proxy, memory: '4Mi' } },
  ],
});

const custom = '/apis/custom.metrics.k8s.io';
const value = (name: string, text: string) => ({ describedObject: { name }, timestamp, value: text });

/** What other servers would answer, by path. */
const answers: Record<string, object> = {
  '/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods?labelSelector=app%3Dweb': {
    items: [used('a', '400m', '10m'), used('b', '200000000n', '0')],
  },
  [custom]: { versions: [{ version: 'v1beta1' }, { version: 'v1beta2' }] },
  [`${custom}/v1beta2/namespaces/ns/pods/*/rate?labelSelector=app%3Dweb&metricLabelSelector=path%3Dx`]: {
    items: [value('a', '30'), value('b', '10')],
  },
  [`${custom}/v1beta2/namespaces/ns/ingresses.networking.k8s.io/main/hits`]: { items: [value('main', '2k')] },
  [`${custom}/v1beta2/namespaces/ns/metrics/jobs`]: { items: [value('ns', '7')] },
  '/apis/external.metrics.k8s.io/v1beta1/namespaces/ns/depth?labelSelector=queue%3Dtasks': {
    items: [value('', '55'), value('', '4500m')],
  },
};

const transport = {
  async request({ path }: { path: string }) {
    const found = answers[path];
    if (found) return found;
    const message = 'the server could not find the requested resource';
    throw new ApiError({ message, reason: 'NotFound', code: 404 });
  },
} as unknown as Transport;

const scaled: Scaled = {
  ...{ namespace: 'ns', specReplicas: 2, statusReplicas: 2, selector: 'app=web', now },
  pods: [pod('a'), pod('b')],
  tolerances: { up: 0.1, down: 0.1 },
};

const proposals = new MetricProposals({
  source: new MetricsSource(transport),
  targets: new ScaleTargets(transport),
});

const metric = (name: string, labels?: Record<string, string>) => ({
  name,
  ...(labels && { selector: { matchLabels: labels } }),
});
const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' };
const tasks = 'MatchLabels:map[string]string{queue: tasks,},MatchExpressions:[]LabelSelectorRequirement{}';

const rows: [
  what: string,
  spec: Omit<MetricSpecV2, 'type'>,
  replicas: number,
  name: string,
  current: object,
][] = [
  [
    'a resource, by what was requested',
    { resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    5,
    'cpu resource utilization (percentage of request)',
    { averageUtilization: 122, averageValue: '305m' },
  ],
  [
    'a resource, by its amount',
    { resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '32Mi' } } },
    4,
    'memory resource',
    { averageValue: '64Mi' },
  ],
  [
    'a container alone',
    {
      containerResource: {
        name: 'cpu',
        container: 'proxy',
        target: { type: 'Utilization', averageUtilization: 5 },
      },
    },
    4,
    'cpu container resource utilization (percentage of request)',
    { averageUtilization: 10, averageValue: '5m' },
  ],
  [
    'a number of each pod',
    { pods: { metric: metric('rate', { path: 'x' }), target: { type: 'AverageValue', averageValue: '10' } } },
    4,
    'pods metric rate',
    { averageValue: '20' },
  ],
  [
    'a number of an object',
    { object: { describedObject: ingress, metric: metric('hits'), target: { type: 'Value', value: '1k' } } },
    4,
    'Ingress metric hits',
    { value: '2k' },
  ],
  [
    'a number of the namespace, shared',
    {
      object: {
        describedObject: { apiVersion: 'v1', kind: 'Namespace', name: 'ns' },
        metric: metric('jobs'),
        target: { type: 'AverageValue', averageValue: '1' },
      },
    },
    7,
    'external metric jobs(nil)',
    { averageValue: '3500m' },
  ],
  [
    'a number from outside, shared',
    {
      external: {
        metric: metric('depth', { queue: 'tasks' }),
        target: { type: 'AverageValue', averageValue: '10' },
      },
    },
    6,
    `external metric depth(&LabelSelector{${tasks},})`,
    { averageValue: '29750m' },
  ],
];
for (const [what, spec, replicas, name, current] of rows) {
  test(`by ${what}`, async () => {
    const proposal = await proposals.of({ type: 'x', ...spec }, scaled);
    assert.deepEqual([proposal.replicas, proposal.name], [replicas, name]);
    const { type, ...status } = proposal.status;
    assert.equal(type.toLowerCase(), Object.keys(spec)[0]!.toLowerCase());
    assert.deepEqual((Object.values(status)[0] as { current: object }).current, current);
  });
}

const refused: [what: string, spec: Omit<MetricSpecV2, 'type'>, reason: string, detail: RegExp][] = [
  [
    'a container that is not there',
    {
      containerResource: {
        name: 'cpu',
        container: 'none',
        target: { type: 'Utilization', averageUtilization: 5 },
      },
    },
    'FailedGetContainerResourceMetric',
    /^failed to get cpu utilization: did not receive metrics for targeted pods \(pods might be unready\)$/,
  ],
  [
    'an object nobody measures',
    { object: { describedObject: ingress, metric: metric('misses'), target: { type: 'Value', value: '1' } } },
    'FailedGetObjectMetric',
    /^unable to get metric misses on Ingress ns\/main: unable to fetch metrics from custom metrics API: /,
  ],
  [
    'a target that is none',
    { resource: { name: 'cpu', target: { type: 'Utilization' } } },
    'FailedGetResourceMetric',
    /^invalid resource metric source: neither an average utilization target nor /,
  ],
];
for (const [what, spec, reason, detail] of refused) {
  test(`refused: ${what}`, async () => {
    const failure = await proposals.of({ type: 'x', ...spec }, scaled).catch((error: unknown) => error);
    assert.ok(failure instanceof MetricFailure);
    assert.equal(failure.reason, reason);
    assert.match(failure.detail, detail);
  });
}
