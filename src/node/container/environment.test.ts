import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../../api/generated/types.ts';
import { containerEnvironment } from './environment.ts';
import { serviceEnvironment } from './service-environment.ts';
import { expandVariables } from './variable-expansion.ts';

test('$(NAME) is replaced where it is known', () => {
  const known: Record<string, string> = { A: '1', B: '$(A)' };
  const rows: [string, string][] = [
    ['plain', 'plain'],
    ['$(A)-$(B)', '1-$(A)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(NONE)', '$(NONE)'],
    ['$(A', '$(A'],
    ['cost $5 $', 'cost $5 $'],
    ['$()', '$()'],
  ];
  for (const [text, expected] of rows)
    assert.equal(
      expandVariables(text, name => known[name]),
      expected,
      text,
    );
});

function service(name: string, namespace: string, clusterIP: string, ports: [string, number][]): Service {
  return {
    metadata: { name, namespace },
    spec: {
      clusterIP,
      ports: ports.map(([port, number]) => ({ name: port, port: number, protocol: 'TCP' })),
    },
  };
}

test('Services give variables to the pods of their namespace', () => {
  const services = [
    service('kubernetes', 'default', '10.96.0.1', [['https', 443]]),
    service('my-db', 'shop', '10.96.0.7', [
      ['sql', 5432],
      ['web', 80],
    ]),
    service('headless', 'shop', 'None', [['x', 1]]),
    service('other', 'else', '10.96.0.8', [['x', 1]]),
  ];
  const { variables } = serviceEnvironment(services, 'shop', true);
  assert.equal(variables.get('MY_DB_SERVICE_HOST'), '10.96.0.7');
  assert.equal(variables.get('MY_DB_SERVICE_PORT'), '5432');
  assert.equal(variables.get('MY_DB_SERVICE_PORT_WEB'), '80');
  assert.equal(variables.get('MY_DB_PORT'), 'tcp://10.96.0.7:5432');
  assert.equal(variables.get('MY_DB_PORT_80_TCP_ADDR'), '10.96.0.7');
  assert.equal(variables.get('KUBERNETES_SERVICE_HOST'), '10.96.0.1');
  assert.equal(
    [...variables.keys()].some(name => /^(HEADLESS|OTHER)/.test(name)),
    false,
  );
  const without = serviceEnvironment(services, 'shop', false).variables;
  assert.equal(
    [...without.keys()].every(name => name.startsWith('KUBERNETES_')),
    true,
  );
});

test('ten thousand Services do not keep a container from starting', () => {
  const many = Array.from({ length: 10_000 }, (_, index) =>
    service(`svc-${index}`, 'shop', '10.96.1.1', [['a', 80]]),
  );
  const { variables, omitted } = serviceEnvironment(many, 'shop', true);
  const size = [...variables].reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  assert.ok(size < 600_000 && variables.size > 1000 && omitted > 1000);
});

const pod: Pod = {
  metadata: { name: 'p', namespace: 'shop', uid: 'u', labels: { tier: 'front' } },
  spec: { containers: [], serviceAccountName: 'sa' },
};
const facts = {
  nodeName: 'n1',
  hostIPs: ['172.30.0.2'],
  podIPs: ['10.0.0.1', 'fd00::1'],
  allocatable: { cpu: '2', memory: '1Gi' },
};
const sources = {
  configMap: async (_: string, name: string) => (name === 'cm' ? { data: { a: '1', b: '2' } } : undefined),
  secret: async (_: string, name: string) =>
    name === 's' ? { data: { k: Buffer.from('v').toString('base64') } } : undefined,
};

test("a limit that a container does not have is its pod's, or the node's", async () => {
  const whole = { ...pod, spec: { ...pod.spec!, resources: { limits: { cpu: '500m' } } } };
  const env = ['limits.cpu', 'limits.memory', 'requests.cpu'].map(resource => ({
    name: resource,
    valueFrom: { resourceFieldRef: { resource, divisor: resource.endsWith('cpu') ? '1m' : '1Mi' } },
  }));
  const found = await containerEnvironment(whole, { name: 'c', env }, new Map(), facts, sources);
  assert.deepEqual(Object.fromEntries(found), {
    'limits.cpu': '500',
    'limits.memory': '1024',
    'requests.cpu': '0',
  });
});

test('env takes from everywhere, later over earlier, Services last', async () => {
  const container = {
    name: 'c',
    resources: { limits: { cpu: '1500m' } },
    envFrom: [
      { configMapRef: { name: 'cm' }, prefix: 'X_' },
      { secretRef: { name: 'none', optional: true } },
    ],
    env: [
      { name: 'X_a', value: 'over' },
      { name: 'JOINED', value: '$(X_a)/$(SVC)/$(LATER)' },
      { name: 'LATER', value: 'x' },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'MISSING', valueFrom: { configMapKeyRef: { name: 'cm', key: 'z', optional: true } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } },
      { name: 'TIER', valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    ],
  };
  const found = await containerEnvironment(
    pod,
    container,
    new Map([
      ['SVC', 'svc'],
      ['X_b', 'no'],
    ]),
    facts,
    sources,
  );
  assert.deepEqual(Object.fromEntries(found), {
    X_a: 'over',
    X_b: '2',
    JOINED: 'over/svc/$(LATER)',
    LATER: 'x',
    SECRET: 'v',
    IP: '10.0.0.1',
    IPS: '10.0.0.1,fd00::1',
    TIER: 'front',
    CPU: '2',
    MEMORY: '1024',
    SVC: 'svc',
  });
});

test('what is missing is said in the words of kubelet', async () => {
  const rows: [object, string][] = [
    [{ configMapKeyRef: { name: 'none', key: 'a' } }, 'configmap "none" not found'],
    [{ configMapKeyRef: { name: 'cm', key: 'z' } }, "couldn't find key z in ConfigMap shop/cm"],
    [{ secretKeyRef: { name: 's', key: 'z' } }, "couldn't find key z in Secret shop/s"],
    [{ fieldRef: { fieldPath: 'spec.none' } }, 'unsupported fieldPath: spec.none'],
  ];
  for (const [valueFrom, message] of rows) {
    const container = { name: 'c', env: [{ name: 'A', valueFrom }] };
    await assert.rejects(containerEnvironment(pod, container, new Map(), facts, sources), { message });
  }
});
