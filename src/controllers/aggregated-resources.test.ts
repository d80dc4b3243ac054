import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { APIService, Namespace } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { completeResource } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import type { ApiRequest, Transport } from '../client/transport.ts';
import { apiServices, discoverAggregated } from './aggregated-resources.ts';
import type { ControllerDeps } from './controller.ts';
import { GarbageCollector } from './garbage-collector/garbage-collector.ts';
import { NamespaceController } from './namespace/namespace-controller.ts';
import { resources } from './resources.ts';
import { TestCluster } from './test-cluster.ts';

const group = 'wardle.example.com';
const flunders = completeResource({
  group,
  version: 'v1alpha1',
  kind: 'Flunder',
  plural: 'flunders',
  namespaced: true,
});
const path = `/apis/${group}/v1alpha1`;
const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

const apiService = (available: boolean, version = 'v1alpha1', versionPriority = 100): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `${version}.${group}` },
  spec: {
    group,
    version,
    groupPriorityMinimum: 1000,
    versionPriority,
    service: { namespace: 'w', name: 'api' },
  },
  status: { conditions: [{ type: 'Available', status: available ? 'True' : 'False' }] },
});
const flunder = (name: string, ownerReferences: object[] = []): KubeObject =>
  ({
    apiVersion: `${group}/v1alpha1`,
    kind: 'Flunder',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, ownerReferences },
  }) as KubeObject;
const configMap = (name: string, ownerReferences: object[] = []): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, ownerReferences },
  }) as KubeObject;

/** The fake API server, and what another server says it serves. */
function withDiscovery(transport: Transport, lists: Record<string, object[]>): Transport {
  return {
    watch: request => transport.watch(request),
    request: async <T>(request: ApiRequest) => {
      const served = lists[request.path];
      return served ? ({ resources: served } as T) : transport.request<T>(request);
    },
  };
}

let cluster: TestCluster;
afterEach(() => cluster.stop());

function start(...objects: KubeObject[]): ControllerDeps {
  cluster = new TestCluster({ resources: [flunders] });
  for (const object of objects) cluster.seed(object);
  const lists = { [path]: [{ name: 'flunders', kind: 'Flunder', namespaced: true, verbs }] };
  return { ...cluster.deps, transport: withDiscovery(cluster.transport, lists) };
}
const left = () => cluster.list(flunders).map(({ metadata }) => metadata.name);

describe('resources of other servers', () => {
  it('are those that can be listed and deleted, in the preferred version', async () => {
    const { transport } = start();
    const lists = {
      [path]: [
        { name: 'flunders', kind: 'Flunder', namespaced: true, verbs },
        { name: 'flunders/status', kind: 'Flunder', namespaced: true, verbs: ['get'] },
        { name: 'reviews', kind: 'Review', namespaced: false, verbs: ['create'] },
      ],
      [`/apis/${group}/v1beta1`]: [{ name: 'flunders', kind: 'Flunder', namespaced: true, verbs }],
    };
    const both = [apiService(true), apiService(true, 'v1beta1', 200)] as never[];
    const found = await discoverAggregated(withDiscovery(transport, lists), both);
    assert.deepEqual(found.failures, []);
    assert.deepEqual(
      found.resources.map(({ plural, version }) => `${plural} ${version}`),
      ['flunders v1beta1'],
    );
    const away = await discoverAggregated(transport, [apiService(false)] as never[]);
    assert.deepEqual(away.failures, [`${group}/v1alpha1: stale GroupVersion discovery: ${group}/v1alpha1`]);
  });
});

describe('a namespace with objects of another server', () => {
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
  const remove = () => cluster.transport.request({ method: 'DELETE', path: '/api/v1/namespaces/shop' });
  const condition = () => {
    const { status } = cluster.get<Namespace>(resources.namespaces, '', 'shop')!;
    return status!.conditions!.find(({ type }) => type === 'NamespaceDeletionDiscoveryFailure')!;
  };

  it('goes with them, one by one where the server deletes no collections', async () => {
    const deps = start(namespace, apiService(true), flunder('a'), flunder('b'));
    await cluster.run(new NamespaceController(deps));
    await remove();
    await cluster.rest();
    assert.deepEqual([left(), cluster.list(resources.namespaces).length], [[], 0]);
  });

  it('stays while that server is away, and says so', async () => {
    const deps = start(namespace, apiService(false), flunder('a'), configMap('m'));
    await cluster.run(new NamespaceController(deps));
    await remove();
    await cluster.rest();
    assert.equal(cluster.list(resources.configMaps).length, 0);
    assert.deepEqual(
      [condition().status, condition().reason, condition().message],
      [
        'True',
        'DiscoveryFailed',
        `Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: ${group}/v1alpha1: stale GroupVersion discovery: ${group}/v1alpha1`,
      ],
    );
    cluster.seed(apiService(true));
    await cluster.clock.advance(10_000);
    assert.deepEqual([left(), cluster.list(resources.namespaces).length], [[], 0]);
  });
});

describe('garbage among objects of another server', () => {
  const by = (kind: string, apiVersion: string, name: string) => ({
    apiVersion,
    kind,
    name,
    uid: `uid-${name}`,
  });

  it('is collected both ways', async () => {
    const owned = flunder('owned', [by('ConfigMap', 'v1', 'gone')]);
    const kept = configMap('kept', [by('Flunder', `${group}/v1alpha1`, 'owner')]);
    const deps = start(apiService(true), owned, flunder('owner'), kept);
    await cluster.run(new GarbageCollector(deps));
    await cluster.rest();
    assert.deepEqual(left(), ['owner']);
    cluster.transport.unseed(flunder('owner'));
    await cluster.rest();
    assert.equal(cluster.list(resources.configMaps).length, 0);
  });

  it('is left alone while nobody can tell whether its owner is there', async () => {
    const kept = configMap('kept', [by('Flunder', `${group}/v1alpha1`, 'owner')]);
    const deps = start(apiService(true), flunder('owner'), kept);
    await cluster.run(new GarbageCollector(deps));
    cluster.transport.fail('GET', /flunders/, new ApiError({ code: 503 }), 1000);
    cluster.transport.breakWatches();
    cluster.transport.unseed(apiService(true));
    await cluster.clock.advance(60_000);
    assert.equal(cluster.list(resources.configMaps).length, 1);
    assert.equal(cluster.list(apiServices).length, 0);
  });
});
