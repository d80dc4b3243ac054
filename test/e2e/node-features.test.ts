import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from './cluster.ts';

/** What a node does for one pod at a time: volumes that one pod has, limits of a whole pod, all containers anew. */

const cluster = new TestCluster('e2e-node');
const image = 'busybox';

before(async () => {
  const up = await cluster.up('--nodes', '2');
  assert.equal(up.code, 0, up.stderr);
});

after(() => cluster.delete());

const k = (words: string) => cluster.succeed(words);

function pod(name: string, spec: object, container: object = {}) {
  const main = { name: 'c', image, command: ['sleep', '10000'], ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [main], ...spec },
  };
}

const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];

const ready = (name: string) => k(`wait --for=condition=Ready pod/${name} --timeout=180s`);

test('a claim of mode ReadWriteOncePod is had by one pod, which makes room for a more important one', async () => {
  await cluster.apply(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOncePod'], resources: { requests: { storage: '1Mi' } } },
    },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'vip' }, value: 1000 },
    pod('first', { volumes }),
  );
  await ready('first');
  const node = (await k('get pod first -o jsonpath={.spec.nodeName}')).trim();
  await cluster.apply(pod('second', { volumes }), pod('forced', { volumes, nodeName: node }));
  await cluster.until(
    'get pod second -o jsonpath={.status.conditions[*].message}',
    /2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode/,
  );
  await cluster.until(
    'get events --field-selector involvedObject.name=forced,reason=FailedMount',
    /volume uses the ReadWriteOncePod access mode and is already in use by another pod/,
  );
  await k('delete pod forced second --wait=true');
  await cluster.apply(pod('important', { volumes, priorityClassName: 'vip' }));
  await ready('important');
  assert.equal((await k('get pods -o jsonpath={.items[*].metadata.name}')).trim(), 'important');
  await k('delete pod important');
});

test('a pod that is limited as a whole, whose containers all begin anew', async () => {
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } };
  const mounts = { volumeMounts: [{ name: 'work', mountPath: '/work' }] };
  const shell = (script: string) => ({ image, command: ['sh', '-c', script], ...mounts });
  const once = 'test -f /work/once && exec sleep 10000; touch /work/once; exit 42';
  await cluster.apply(
    pod(
      'anew',
      {
        restartPolicy: 'Never',
        resources: { limits: { cpu: '200m', memory: '64Mi' } },
        volumes: [{ name: 'work', emptyDir: {} }],
        initContainers: [
          {
            name: 'init',
            ...shell('echo $LIMIT >> /work/inits'),
            env: [
              {
                name: 'LIMIT',
                valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } },
              },
            ],
          },
        ],
      },
      { ...shell(once), restartPolicy: 'Never', restartPolicyRules: [rule] },
    ),
  );
  await k('wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/anew --timeout=120s');
  await ready('anew');
  assert.equal(await k('exec anew -- cat /work/inits'), '64\n64\n');
  const told =
    'jsonpath={.status.qosClass} {.status.initContainerStatuses[0].restartCount} {.status.conditions[?(@.type=="AllContainersRestarting")].status}';
  const { stdout } = await cluster.exec(['kubectl', 'get', 'pod', 'anew', '-o', told]);
  assert.equal(stdout, 'Guaranteed 1 False');
});

test('a node says how it is configured', async () => {
  const text = await k(`get --raw /api/v1/nodes/${cluster.node(1)}/proxy/configz`);
  const { kubeletconfig } = JSON.parse(text);
  assert.deepEqual(
    [kubeletconfig.maxPods, kubeletconfig.clusterDomain, kubeletconfig.imageGCHighThresholdPercent],
    [110, 'cluster.local', 85],
  );
});
