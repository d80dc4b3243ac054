import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeList, KubeObject, Stored } from '../api/objects.ts';
import { startApi, type TestApi } from '../apiserver/testing/api.ts';
import type { Component } from '../base/component.ts';
import { silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import type { ApiRequest, Transport } from '../client/transport.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { ClusterRoleAggregationController } from './cluster-role-aggregation/cluster-role-aggregation-controller.ts';
import { CronJobController } from './cron-job/cron-job-controller.ts';
import { DaemonSetController } from './daemon-set/daemon-set-controller.ts';
import { DeploymentController } from './deployment/deployment-controller.ts';
import { EndpointSliceController } from './endpoint-slice/endpoint-slice-controller.ts';
import { EndpointsController } from './endpoints/endpoints-controller.ts';
import { GarbageCollector } from './garbage-collector/garbage-collector.ts';
import { JobController } from './job/job-controller.ts';
import { LoadBalancerController } from './load-balancer/load-balancer-controller.ts';
import { NamespaceController } from './namespace/namespace-controller.ts';
import { NodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts';
import { PodDisruptionBudgetController } from './pod-disruption-budget/pod-disruption-budget-controller.ts';
import { ReplicaSetController } from './replica-set/replica-set-controller.ts';
import { ServiceAccountController } from './service-account/service-account-controller.ts';
import { StatefulSetController } from './stateful-set/stateful-set-controller.ts';
import { TtlAfterFinishedController } from './ttl-after-finished/ttl-after-finished-controller.ts';

/** The controllers on the real API server, each with the rights of its own account; node agents are played. */

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into without ceremony
type Loose = any;

let api: TestApi;
let informers: InformerFactory;
let running: Component[];
let refused: string[];
let address = 0;

const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
const isRace = (error: unknown) =>
  ['Conflict', 'NotFound', 'AlreadyExists'].includes((error as { reason?: string }).reason ?? '');

/** Notes what is refused for want of rights or for bad form. */
function watched(who: string, transport: Transport): Transport {
  return {
    watch: request => transport.watch(request),
    async request<T>(request: ApiRequest): Promise<T> {
      try {
        return await transport.request<T>(request);
      } catch (error) {
        if (!isRace(error))
          refused.push(`${who}: ${request.method} ${request.path}: ${(error as Error).message}`);
        throw error;
      }
    },
  };
}

beforeEach(async () => {
  api = await startApi();
  refused = [];
  const { clock, decisions } = api;
  const log = silentLogger;
  const as = (name: string, own: string[]) => watched(name, api.as(name, ...own));
  const account = (name: string) => as(`system:serviceaccount:kube-system:${name}`, groups);
  const transport = as('system:kube-controller-manager', ['system:authenticated']);
  informers = new InformerFactory({ clock, log, transport });
  const recorder = new FakeEventRecorder();
  const deps = (name: string) => ({ clock, log, decisions, informers, recorder, transport: account(name) });
  const scheduler = as('system:kube-scheduler', ['system:authenticated']);
  running = [
    new NamespaceController(deps('namespace-controller')),
    new NodeLifecycleController(deps('node-controller')),
    new ServiceAccountController(deps('service-account-controller')),
    new ClusterRoleAggregationController(deps('clusterrole-aggregation-controller')),
    new GarbageCollector(deps('generic-garbage-collector')),
    new ReplicaSetController(deps('replicaset-controller')),
    new DeploymentController(deps('deployment-controller')),
    new StatefulSetController(deps('statefulset-controller')),
    new DaemonSetController(deps('daemon-set-controller')),
    new JobController(deps('job-controller')),
    new CronJobController(deps('cronjob-controller')),
    new TtlAfterFinishedController(deps('ttl-after-finished-controller')),
    new EndpointSliceController(deps('endpointslice-controller')),
    new EndpointsController(deps('endpoint-controller')),
    new LoadBalancerController(deps('service-controller'), { pool: ['172.30.0.200/29'] }),
    new PodDisruptionBudgetController(deps('disruption-controller')),
    new Scheduler({ ...deps(''), transport: scheduler }),
  ];
  const { signal } = new AbortController();
  const started = Promise.all(running.map(component => component.start(signal)));
  await informers.start(signal);
  await clock.advance(2000);
  await started;
  await clock.advance(2000);
  for (const name of ['causeway-1', 'causeway-2']) await api.post('/api/v1/nodes', node(name));
});

afterEach(async () => {
  for (const component of running.reverse()) await component.stop();
  await informers.stop();
  await api.stop();
});

const node = (name: string) => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: {
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});
const template = (app: string, image = 'nginx:1') => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }] }] },
});
const workload = (name: string, more: object = {}) => ({
  metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, template: template(name), ...more },
});
const apps = '/apis/apps/v1/namespaces/default';
const list = async (path: string): Promise<Stored<KubeObject & Loose>[]> =>
  ((await api.get(path)) as KubeList<Stored<Loose>>).items;
const pods = async (app: string) =>
  list(`/api/v1/namespaces/default/pods?labelSelector=${encodeURIComponent(`app=${app}`)}`);

async function playAgents(): Promise<void> {
  for (const pod of await list('/api/v1/pods')) {
    const { namespace, name, deletionTimestamp, labels } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp) await api.delete(path, { gracePeriodSeconds: 0 }).catch(ignoreRace);
    else if (pod.spec.nodeName && pod.status.phase === 'Pending') {
      const ends = labels?.['batch.kubernetes.io/job-name'] !== undefined;
      const podIP = `10.244.0.${++address}`;
      const conditions = [{ type: 'Ready', status: ends ? 'False' : 'True' }];
      const status = { phase: ends ? 'Succeeded' : 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
      await api.patch(`${path}/status`, { status }, 'application/strategic-merge-patch+json');
    }
  }
}

function ignoreRace(error: unknown): void {
  if (!isRace(error)) throw error;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 15; round++) {
    await api.clock.advance(300);
    await playAgents();
  }
  await api.clock.advance(300);
}

describe('workloads on the API server', () => {
  it('a Deployment behind a Service: up, over, and gone with all that belongs to it', async () => {
    await api.post(`${apps}/deployments`, workload('web', { replicas: 3 }));
    await api.post('/api/v1/namespaces/default/services', {
      metadata: { name: 'web' },
      spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await settle();
    const deployment = await api.get(`${apps}/deployments/web`);
    assert.equal(deployment.status.availableReplicas, 3);
    const slices = await list(
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=web',
    );
    assert.deepEqual(
      slices.map(({ endpoints }) => endpoints.length),
      [3],
    );
    const service = await api.get('/api/v1/namespaces/default/services/web');
    assert.equal(service.status.loadBalancer.ingress[0].ip, '172.30.0.201');

    const patch = { spec: { template: template('web', 'nginx:2') } };
    await api.patch(`${apps}/deployments/web`, patch, 'application/strategic-merge-patch+json');
    await settle();
    assert.deepEqual(
      (await pods('web')).map(({ spec }) => spec.containers[0].image),
      ['nginx:2', 'nginx:2', 'nginx:2'],
    );
    await api.delete(`${apps}/deployments/web`, { propagationPolicy: 'Foreground' });
    await settle();
    assert.deepEqual(await list(`${apps}/deployments`), []);
    assert.deepEqual(await list(`${apps}/replicasets`), []);
    assert.deepEqual(await pods('web'), []);
    assert.deepEqual(refused, []);
  });

  it('stateful sets, daemon sets, jobs and budgets', async () => {
    await api.post(`${apps}/statefulsets`, workload('db', { replicas: 2, serviceName: 'db' }));
    await api.post(`${apps}/daemonsets`, workload('agent'));
    await api.post('/apis/batch/v1/namespaces/default/jobs', {
      metadata: { name: 'sum' },
      spec: {
        completions: 3,
        completionMode: 'Indexed',
        ttlSecondsAfterFinished: 60,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    await api.post('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
      metadata: { name: 'db' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'db' } } },
    });
    await settle();
    await settle();
    assert.equal((await api.get(`${apps}/statefulsets/db`)).status.readyReplicas, 2);
    assert.equal((await api.get(`${apps}/daemonsets/agent`)).status.numberReady, 2);
    const job = await api.get('/apis/batch/v1/namespaces/default/jobs/sum');
    assert.equal(job.status.succeeded, 3);
    assert.equal(job.status.completedIndexes, '0-2');
    const budget = await api.get('/apis/policy/v1/namespaces/default/poddisruptionbudgets/db');
    assert.equal(budget.status.disruptionsAllowed, 1);
    await api.clock.advance(61_000);
    await settle();
    assert.deepEqual(await list('/apis/batch/v1/namespaces/default/jobs'), []);
    assert.deepEqual(refused, []);
  });

  it('the roles for users are put together', async () => {
    const view = await api.get('/apis/rbac.authorization.k8s.io/v1/clusterroles/view');
    assert.ok(view.rules.some(({ resources = [] }: { resources?: string[] }) => resources.includes('pods')));
    assert.deepEqual(refused, []);
  });

  it('a namespace goes with all it holds', async () => {
    await api.post('/api/v1/namespaces', { metadata: { name: 'shop' } });
    await api.post('/apis/apps/v1/namespaces/shop/deployments', workload('web', { replicas: 2 }));
    await settle();
    await api.delete('/api/v1/namespaces/shop');
    await settle();
    await settle();
    const names = (await list('/api/v1/namespaces')).map(({ metadata }) => metadata.name);
    assert.equal(names.includes('shop'), false);
    assert.deepEqual(await list('/api/v1/pods'), []);
    // A replica set replaces what is deleted until it goes itself; in a namespace that goes it may not.
    assert.deepEqual(
      refused.filter(text => !text.includes('because it is being terminated')),
      [],
    );
  });
});
