import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pod, refusal, startApi, type TestApi } from '../testing/api.ts';

const core = '/api/v1/namespaces/default';
let api: TestApi;

before(async () => {
  api = await startApi();
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await api.post(`${core}/serviceaccounts`, account);
  await api.post('/apis/node.k8s.io/v1/runtimeclasses', {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'heavy' },
    handler: 'heavy',
    overhead: { podFixed: { cpu: '100m' } },
    scheduling: { nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'heavy', operator: 'Exists' }] },
  });
});
after(() => api.stop());

test("a pod gets its runtime class's overhead and scheduling", async () => {
  const made = await api.post(
    `${core}/pods`,
    pod('p', { runtimeClassName: 'heavy', nodeSelector: { a: 'b' } }),
  );
  assert.deepEqual(made.spec.overhead, { cpu: '100m' });
  assert.deepEqual(made.spec.nodeSelector, { a: 'b', disk: 'ssd' });
  assert.ok(made.spec.tolerations.some((each: { key: string }) => each.key === 'heavy'));
});

const rejected: [spec: object, why: string][] = [
  [{ runtimeClassName: 'none' }, 'RuntimeClass "none" not found'],
  [{ overhead: { cpu: '1' } }, 'Pod Overhead set without corresponding RuntimeClass defined Overhead'],
  [
    { runtimeClassName: 'heavy', overhead: { cpu: '1' } },
    "Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ],
  [
    { runtimeClassName: 'heavy', nodeSelector: { disk: 'hdd' } },
    'conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd',
  ],
];

for (const [spec, why] of rejected) {
  test(`a pod is rejected: ${why}`, async () => {
    const { code, message } = await refusal(api.post(`${core}/pods`, pod('q', spec)));
    assert.equal(code, 403);
    assert.equal(message, `pods "q" is forbidden: pod rejected: ${why}`);
  });
}

test('an ingress without a class gets the default one', async () => {
  const networking = '/apis/networking.k8s.io/v1';
  const apiVersion = 'networking.k8s.io/v1';
  const ingress = (name: string, annotations: object = {}) => ({
    apiVersion,
    kind: 'Ingress',
    metadata: { name, annotations },
    spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  });
  const classOf = async (body: object) =>
    (await api.post(`${networking}/namespaces/default/ingresses`, body)).spec.ingressClassName;
  assert.equal(await classOf(ingress('a')), undefined);
  await api.post(`${networking}/ingressclasses`, {
    apiVersion,
    kind: 'IngressClass',
    metadata: { name: 'usual', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    spec: { controller: 'x.io/y' },
  });
  assert.equal(await classOf(ingress('b')), 'usual');
  assert.equal(await classOf(ingress('c', { 'kubernetes.io/ingress.class': 'other' })), undefined);
});

test('a claim grows only where its class allows it', async () => {
  const storageClass = (name: string, allowVolumeExpansion: boolean) =>
    api.post('/apis/storage.k8s.io/v1/storageclasses', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'x.io/y',
      allowVolumeExpansion,
    });
  await storageClass('stiff', false);
  await storageClass('elastic', true);
  const claims = `${core}/persistentvolumeclaims`;
  const bound = async (name: string) => {
    const spec = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: name,
      resources: { requests: { storage: '1Gi' } },
    };
    await api.post(claims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec });
    await api.patch(`${claims}/${name}/status`, { status: { phase: 'Bound' } });
  };
  const grow = (name: string) =>
    api.patch(`${claims}/${name}`, { spec: { resources: { requests: { storage: '2Gi' } } } });
  await bound('stiff');
  await bound('elastic');
  assert.equal(
    (await refusal(grow('stiff'))).message,
    'persistentvolumeclaims "stiff" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  );
  assert.equal((await grow('elastic')).spec.resources.requests.storage, '2Gi');
});

test('a resize is held to the limits of the namespace', async () => {
  await api.post(
    `${core}/pods`,
    pod('r', {
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' }, limits: { cpu: '1' } } }],
    }),
  );
  const limits = [{ type: 'Container', max: { cpu: '2' } }];
  await api.post(`${core}/limitranges`, {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'r' },
    spec: { limits },
  });
  const resize = (cpu: string) => {
    const body = {
      spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' }, limits: { cpu } } }] },
    };
    return api.patch(`${core}/pods/r/resize`, body, 'application/strategic-merge-patch+json');
  };
  assert.equal(
    (await refusal(resize('3'))).message,
    'pods "r" is forbidden: maximum cpu usage per Container is 2, but limit is 3',
  );
  await api.delete(`${core}/limitranges/r`);
});
