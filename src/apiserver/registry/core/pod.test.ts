import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pod, refusal, startApi, type TestApi } from '../../testing/api.ts';

const pods = '/api/v1/namespaces/default/pods';
let api: TestApi;
before(async () => {
  api = await startApi();
  await api.post('/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
});
after(() => api.stop());

const binding = (name: string, node: string) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name },
  target: { kind: 'Node', name: node },
});
const bind = (name: string, node = 'n1') => api.post(`${pods}/${name}/binding`, binding(name, node));

test('a pod gets its account, its token, its priority and tolerations', async () => {
  const { spec, status } = await api.post(pods, pod('admitted'));
  assert.equal(spec.serviceAccountName, 'default');
  assert.match(spec.volumes[0].name, /^kube-api-access-/);
  assert.equal(spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds, 3607);
  assert.equal(spec.containers[0].volumeMounts[0].mountPath, '/var/run/secrets/kubernetes.io/serviceaccount');
  assert.equal(spec.priority, 0);
  assert.equal(spec.tolerations.length, 2);
  assert.equal(status.phase, 'Pending');
  assert.equal(status.qosClass, 'BestEffort');
  const unmounted = await api.post(pods, pod('unmounted', { automountServiceAccountToken: false }));
  assert.equal(unmounted.spec.volumes, undefined);
});

const notAdmitted: [what: string, spec: object, message: RegExp][] = [
  [
    'an unknown service account',
    { serviceAccountName: 'nobody' },
    /^pods "bad" is forbidden: error looking up service account default\/nobody: serviceaccount "nobody" not found$/,
  ],
  ['an unknown priority class', { priorityClassName: 'nope' }, /no PriorityClass with name nope was found/],
  [
    'a priority of its own',
    { priority: 5 },
    /the integer value of priority \(5\) must not be provided in pod spec/,
  ],
];
for (const [what, spec, message] of notAdmitted) {
  test(`not admitted: ${what}`, async () => {
    const error = await refusal(api.post(pods, pod('bad', spec)));
    assert.equal(error.code, 403);
    assert.match(error.message, message);
  });
}

test("a pod waits for its namespace's default account to be made", async () => {
  await api.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'fresh' } });
  const creating = api.post('/api/v1/namespaces/fresh/pods', pod('early'));
  await api.post('/api/v1/namespaces/fresh/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  assert.equal((await creating).metadata.name, 'early');
});

test('binding assigns once, with the condition and the zone of the node', async () => {
  await api.post('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z' } },
  });
  await api.post(pods, pod('bound'));
  assert.equal((await bind('bound')).status, 'Success');
  const bound = await api.get(`${pods}/bound`);
  assert.equal(bound.spec.nodeName, 'n1');
  assert.equal(bound.metadata.labels['topology.kubernetes.io/zone'], 'z');
  assert.deepEqual(
    bound.status.conditions.map((each: { type: string; status: string }) => [each.type, each.status]),
    [['PodScheduled', 'True']],
  );
  assert.equal(
    (await refusal(bind('bound', 'n2'))).message,
    'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"',
  );
  assert.ok(
    api.decisions.since().some(each => each.type === 'apiserver.pod.bound' && each.object?.name === 'bound'),
  );
  await api.post(pods, pod('legacy'));
  await api.post('/api/v1/namespaces/default/bindings', binding('legacy', 'n1'));
  assert.equal((await api.get(`${pods}/legacy`)).spec.nodeName, 'n1');
});

test('a pod no node has goes at once, one that runs gets its time', async () => {
  await api.post(pods, pod('unbound'));
  assert.equal((await api.delete(`${pods}/unbound`)).metadata.name, 'unbound');
  assert.equal((await refusal(api.get(`${pods}/unbound`))).code, 404);

  await api.post(pods, pod('running'));
  await bind('running');
  const marked = await api.delete(`${pods}/running`);
  assert.equal(marked.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(marked.metadata.deletionTimestamp, '2030-01-01T00:00:30Z');
  assert.equal(marked.metadata.generation, 2);
  const again = await api.delete(`${pods}/running`);
  assert.equal(again.metadata.resourceVersion, marked.metadata.resourceVersion);
  const shorter = await api.delete(`${pods}/running`, { gracePeriodSeconds: 10 });
  assert.equal(shorter.metadata.deletionTimestamp, '2030-01-01T00:00:10Z');
  assert.equal(
    (await api.delete(`${pods}/running`, { gracePeriodSeconds: 20 })).metadata.deletionGracePeriodSeconds,
    10,
  );
  await api.delete(`${pods}/running`, { gracePeriodSeconds: 0 });
  assert.equal((await refusal(api.get(`${pods}/running`))).code, 404);
});

test('a pod with a finalizer stays when its node is done with it', async () => {
  await api.post(pods, pod('finalized', {}, { finalizers: ['example.com/x'] }));
  await bind('finalized');
  await api.delete(`${pods}/finalized`);
  const done = await api.delete(`${pods}/finalized`, { gracePeriodSeconds: 0 });
  assert.equal(done.metadata.deletionGracePeriodSeconds, 0);
  await api.patch(`${pods}/finalized`, { metadata: { finalizers: null } });
  assert.equal((await refusal(api.get(`${pods}/finalized`))).code, 404);
});

test('eviction asks the budget, and spends it', async () => {
  await api.post(pods, pod('evicted', {}, { labels: { app: 'e' } }));
  await bind('evicted');
  await api.patch(`${pods}/evicted/status`, {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await api.post(budgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'e' } } },
  });
  const status = {
    observedGeneration: 1,
    disruptionsAllowed: 0,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
  };
  await api.patch(`${budgets}/b/status`, { status });
  const evict = () =>
    api.post(`${pods}/evicted/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'evicted' },
    });
  const error = await refusal(evict());
  assert.equal(error.code, 429);
  assert.equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.equal(
    error.status.details?.causes?.[0]?.message,
    'The disruption budget b needs 1 healthy pods and has 1 currently',
  );
  await api.patch(`${budgets}/b/status`, { status: { disruptionsAllowed: 1 } });
  assert.equal((await evict()).status, 'Success');
  assert.equal((await api.get(`${budgets}/b`)).status.disruptionsAllowed, 0);
  const going = await api.get(`${pods}/evicted`);
  assert.ok(going.metadata.deletionTimestamp);
  assert.deepEqual(
    going.status.conditions.map(({ type, status, reason }: Record<string, string>) => [type, status, reason]),
    [
      ['Ready', 'True', undefined],
      ['DisruptionTarget', 'True', 'EvictionByEvictionAPI'],
    ],
  );
});

test('eviction says so on the pod it was asked to evict, and only then', async () => {
  await api.post(pods, pod('marked', {}, { finalizers: ['example.com/hold'] }));
  const { resourceVersion } = (await api.get(`${pods}/marked`)).metadata;
  const evict = (deleteOptions: Record<string, unknown>) =>
    api.post(`${pods}/marked/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', deleteOptions });
  await evict({ dryRun: ['All'] });
  assert.equal((await refusal(evict({ preconditions: { resourceVersion: '1' } }))).code, 409);
  assert.equal((await api.get(`${pods}/marked`)).metadata.resourceVersion, resourceVersion);
  await evict({ preconditions: { resourceVersion } });
  const { metadata, status } = await api.get(`${pods}/marked`);
  assert.ok(metadata.deletionTimestamp);
  assert.equal(status.conditions.at(-1).message, 'Eviction API: evicting');
});

test('ephemeral containers are added and never changed', async () => {
  await api.post(pods, pod('debugged'));
  const path = `${pods}/debugged/ephemeralcontainers`;
  const added = await api.patch(path, {
    spec: { ephemeralContainers: [{ name: 'd', image: 'x' }], nodeName: 'no' },
  });
  assert.equal(added.spec.ephemeralContainers[0].name, 'd');
  assert.equal(added.spec.nodeName, undefined);
  assert.match(
    (await refusal(api.patch(path, { spec: { ephemeralContainers: [{ name: 'd', image: 'y' }] } }))).message,
    /may not be changed/,
  );
  assert.match(
    (await refusal(api.patch(path, { spec: { ephemeralContainers: null } }))).message,
    /may not be removed/,
  );
});

test('scale shows and changes replicas', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  const labels = { app: 'w' };
  await api.post(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'w' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const scale = await api.get(`${deployments}/w/scale`);
  assert.deepEqual([scale.kind, scale.spec.replicas, scale.status.selector], ['Scale', 2, 'app=w']);
  assert.equal(
    (await api.put(`${deployments}/w/scale`, { ...scale, spec: { replicas: 5 } })).spec.replicas,
    5,
  );
  assert.equal(
    (await api.patch(`${deployments}/w/scale`, { spec: { replicas: 0 } })).spec.replicas,
    undefined,
  );
  const deployment = await api.get(`${deployments}/w`);
  assert.deepEqual([deployment.spec.replicas, deployment.metadata.generation], [0, 3]);
  assert.equal((await refusal(api.patch(`${deployments}/w/scale`, { spec: { replicas: -1 } }))).code, 422);
});

test('a resize is checked: what is asked for, the class of the pod, and that it is containers that change', async () => {
  const sized = (cpu: string, limit: string) => ({
    resources: { requests: { cpu }, limits: { cpu: limit } },
  });
  const made = pod('sized');
  Object.assign(made.spec!.containers[0]!, sized('100m', '200m'));
  const { spec } = await api.post(pods, made);
  const { name } = spec.containers[0];
  const resize = (container: object, more: object = {}) =>
    api.patch(
      `${pods}/sized/resize`,
      { spec: { containers: [{ name, ...container }], ...more } },
      'application/strategic-merge-patch+json',
    );
  const changed = await resize(sized('150m', '300m'));
  assert.deepEqual(changed.spec.containers[0].resources, sized('150m', '300m').resources);
  assert.equal(changed.metadata.generation, 2);
  const above = await refusal(resize(sized('400m', '300m')));
  assert.match(
    above.message,
    /requests: Invalid value: "400m": must be less than or equal to cpu limit of 300m/,
  );
  const unread = await refusal(resize({ resources: { requests: { cpu: '-1' } } }));
  assert.match(unread.message, /must be greater than or equal to 0/);
  const whole = await refusal(resize({}, { resources: { requests: { cpu: '1' } } }));
  assert.match(
    whole.message,
    /spec.resources: Forbidden: resources of the pod as a whole cannot be resized yet/,
  );
});
