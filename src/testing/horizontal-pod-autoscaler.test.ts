import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type {
  CoreEvent,
  HorizontalPodAutoscalerSpecV2,
  HorizontalPodAutoscalerV2,
  MetricSpecV2,
  Pod,
} from '../api/generated/types.ts';
import type { KubeList, KubeObject, Stored } from '../api/objects.ts';
import { MemoryCluster } from './memory-cluster.ts';

/** What each container of the pods of an app uses, cores. */
const uses = new Map<string, number>();
const image = 'docker.io/library/nginx:latest';
const main = { name: 'main', image, imagePullPolicy: 'IfNotPresent' };
const base = '/api/v1/namespaces/default';
const autoscalers = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';

let cluster: MemoryCluster;
before(async () => {
  cluster = new MemoryCluster({ nodeMetrics: { read: readNode } });
  await cluster.start(['n1'], [image]);
  await cluster.until('the service account is there', () =>
    request('GET', `${base}/serviceaccounts/default`).then(
      () => true,
      () => false,
    ),
  );
});
after(() => cluster.stop());

/** As if every container had used as much since it began. */
async function readNode(node: string): Promise<string> {
  const { items } = await request<KubeList<Stored<Pod>>>('GET', '/api/v1/pods');
  const at = cluster.clock.now();
  const running = items.filter(({ spec, status }) => spec?.nodeName === node && status?.phase === 'Running');
  return running
    .flatMap(({ metadata, spec, status }) => {
      const started = Date.parse(status?.startTime ?? '') / 1000;
      const cpu = (uses.get(metadata.labels?.app ?? '') ?? 0) * (at / 1000 - started);
      return (spec?.containers ?? []).flatMap(({ name }) => {
        const labels = `{container="${name}",namespace="default",pod="${metadata.name}"}`;
        return [
          `container_cpu_usage_seconds_total${labels} ${cpu} ${at}`,
          `container_memory_working_set_bytes${labels} 1048576 ${at}`,
          `container_start_time_seconds${labels} ${started} ${at}`,
        ];
      });
    })
    .join('\n');
}

function request<T = KubeObject>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return cluster.transport.request<T>({ method, path, contentType, ...(body && { body }) });
}

async function deploy(name: string, cpu: string | undefined): Promise<void> {
  const resources = cpu ? { requests: { cpu } } : {};
  await request('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ ...main, resources }] },
      },
    },
  });
  await cluster.until(`${name} is ready`, async () => (await deployment(name)).status?.readyReplicas === 1);
}

const deployment = (name: string) =>
  request<KubeObject & { spec: { replicas: number }; status?: { readyReplicas?: number } }>(
    'GET',
    `/apis/apps/v1/namespaces/default/deployments/${name}`,
  );

const cpuName = 'cpu resource utilization (percentage of request)';

type Spec = Partial<HorizontalPodAutoscalerSpecV2>;

async function autoscale(name: string, spec: Spec): Promise<void> {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const body = { metadata: { name }, spec: { scaleTargetRef, maxReplicas: 5, ...spec } };
  await request('POST', autoscalers, body);
}

const statusOf = async (name: string) =>
  (await request<HorizontalPodAutoscalerV2>('GET', `${autoscalers}/${name}`)).status;

async function conditionsOf(name: string): Promise<Record<string, string>> {
  const all = (await statusOf(name))?.conditions ?? [];
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

const untilCondition = (name: string, type: string, wanted: string) =>
  cluster.until(
    `${name}: ${type} ${wanted}`,
    async () => (await conditionsOf(name))[type] === wanted,
    90_000,
  );

async function eventsOf(name: string): Promise<string[]> {
  const { items } = await request<KubeList<Stored<CoreEvent>>>('GET', `${base}/events`);
  const own = items.filter(each => each.involvedObject.kind === 'HorizontalPodAutoscaler');
  return own.filter(each => each.involvedObject.name === name).map(each => `${each.reason}: ${each.message}`);
}

/** Events are written a little later. */
const untilEvent = (name: string, message: string) =>
  cluster.until(
    `${name}: ${message}`,
    async () => (await eventsOf(name)).some(each => each.startsWith(message)),
    90_000,
  );

const cpu = (averageUtilization: number): MetricSpecV2 => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

test('up with the load, down when it ends', async () => {
  uses.set('web', 0.2);
  await deploy('web', '100m');
  const behavior = { scaleDown: { stabilizationWindowSeconds: 0 } };
  await autoscale('web', { metrics: [cpu(50)], behavior });
  await cluster.until('three more', async () => (await deployment('web')).spec.replicas === 4, 60_000);
  await untilEvent('web', `SuccessfulRescale: New size: 4; reason: ${cpuName} above target`);
  await untilCondition('web', 'ScalingLimited', 'True TooManyReplicas');
  assert.equal((await deployment('web')).spec.replicas, 5);
  await untilCondition('web', 'AbleToScale', 'True ReadyForNewScale');
  const status = await statusOf('web');
  assert.deepEqual(status?.currentMetrics, [
    {
      type: 'Resource',
      resource: { name: 'cpu', current: { averageUtilization: 200, averageValue: '200m' } },
    },
  ]);
  assert.ok(status?.lastScaleTime);

  uses.set('web', 0);
  await cluster.until('one is left', async () => (await deployment('web')).spec.replicas === 1, 120_000);
  await untilEvent('web', 'SuccessfulRescale: New size: 1; reason: All metrics below target');
});

test('the older version of the API, and bounds that metrics are not asked about', async () => {
  await deploy('old', '100m');
  await request('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', {
    metadata: { name: 'old' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'old' },
      minReplicas: 2,
      maxReplicas: 3,
    },
  });
  await cluster.until('the minimum', async () => (await deployment('old')).spec.replicas === 2, 30_000);
  await untilEvent(
    'old',
    'SuccessfulRescale: New size: 2; reason: Current number of replicas below Spec.MinReplicas',
  );
});

test('what cannot be computed is said in upstream words', async () => {
  await deploy('vague', undefined);
  await autoscale('vague', { metrics: [cpu(50)] });
  await untilCondition('vague', 'ScalingActive', 'False FailedGetResourceMetric');
  const missing = 'missing request for cpu in container main of Pod vague-';
  await untilEvent('vague', `FailedGetResourceMetric: failed to get cpu utilization: ${missing}`);

  await autoscale('nobody', {});
  await untilCondition('nobody', 'AbleToScale', 'False FailedGetScale');
  await autoscale('odd', { scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Odd', name: 'x' } });
  await untilEvent('odd', 'FailedGetScale: no matches for kind "Odd" in group "example.com"');
});

test('metrics that nobody serves', async () => {
  await deploy('queue', '100m');
  const target = { type: 'AverageValue', averageValue: '10' };
  await autoscale('queue', {
    metrics: [{ type: 'External', external: { metric: { name: 'depth' }, target } }],
  });
  await untilCondition('queue', 'ScalingActive', 'False FailedGetExternalMetric');
  const external =
    'FailedGetExternalMetric: failed to get depth external metric: unable to get external metric default/depth/nil: ' +
    'unable to fetch metrics from external metrics API: the server could not find the requested resource ' +
    '(get depth.external.metrics.k8s.io)';
  await untilEvent('queue', external);

  const pods = { metric: { name: 'rate' }, target };
  await request('PATCH', `${autoscalers}/queue`, { spec: { metrics: [{ type: 'Pods', pods }] } });
  await untilCondition('queue', 'ScalingActive', 'False FailedGetPodsMetric');
  const custom =
    'FailedGetPodsMetric: unable to get metric rate: unable to fetch metrics from custom metrics API: ' +
    'no custom metrics API (custom.metrics.k8s.io) registered';
  await untilEvent('queue', custom);
});

test('custom resources by their scale', async () => {
  await request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'farms.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Farm', plural: 'farms' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.size',
              statusReplicasPath: '.status.size',
              labelSelectorPath: '.status.selector',
            },
          },
        },
      ],
    },
  });
  const farms = '/apis/example.com/v1/namespaces/default/farms';
  const farm = { apiVersion: 'example.com/v1', kind: 'Farm', metadata: { name: 'green' }, spec: { size: 1 } };
  await cluster.until('farms are served', () =>
    request('POST', farms, farm).then(
      () => true,
      () => false,
    ),
  );
  await request('PATCH', `${farms}/green/status`, { status: { size: 1, selector: 'app=farm' } });
  uses.set('farm', 0.1);
  await request('POST', `${base}/pods`, {
    metadata: { name: 'farm-0', labels: { app: 'farm' } },
    spec: { containers: [{ ...main, resources: { requests: { cpu: '100m' } } }] },
  });
  await autoscale('farm', {
    scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Farm', name: 'green' },
    metrics: [cpu(50)],
  });
  const size = async () => (await request<{ spec: { size: number } }>('GET', `${farms}/green`)).spec.size;
  await cluster.until('the farm grows', async () => (await size()) === 2, 60_000);

  // Nobody else may scale the same pods.
  await autoscale('rival', { scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Farm', name: 'green' } });
  await untilCondition('rival', 'ScalingActive', 'False AmbiguousSelector');
});
