import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCluster } from './cluster.ts';

/** What pods use, and workloads that grow and shrink with it. */

const cluster = new TestCluster('e2e-scale');
const kubectl = (words: string, input?: string) => cluster.succeed(words, input);

const labels = { app: 'load' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'load' },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'registry.k8s.io/e2e-test-images/resource-consumer:1.13',
            resources: { requests: { cpu: '100m', memory: '64Mi' } },
            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          },
        ],
        terminationGracePeriodSeconds: 0,
      },
    },
  },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'load' },
  spec: { selector: labels, ports: [{ port: 8080 }] },
};

const proxy = '/api/v1/namespaces/default/services/load:8080/proxy';

before(async () => {
  const up = await cluster.up('--nodes', '1');
  assert.equal(up.code, 0, up.stderr);
  await cluster.apply(deployment, service);
  await kubectl('rollout status deployment load --timeout=120s');
});

after(() => cluster.delete());

test('kubectl top tells what nodes, pods and containers use', async () => {
  assert.match(await kubectl('get apiservice v1beta1.metrics.k8s.io'), /Local +True/);
  assert.match(
    await kubectl('top nodes'),
    new RegExp(`^${cluster.node(1)} +\\d+m +\\d+% +[1-9]\\d*Mi +\\d+%`, 'm'),
  );
  assert.match(await kubectl('top pods'), /^load-\S+ +\d+m +[1-9]\d*Mi *$/m);
  assert.match(await kubectl('top pods --containers'), /^load-\S+ +main +\d+m +[1-9]\d*Mi *$/m);
});

test('kubectl autoscale: more pods under load, one when it is over', async () => {
  await kubectl('autoscale deployment load --cpu-percent=50 --min=1 --max=3');
  const behavior = JSON.stringify({ spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } } });
  await kubectl(`patch hpa load -p ${behavior}`);
  const consume = `create --raw ${proxy}/ConsumeCPU?millicores=200&durationSec=4 -f -`;
  while ((await kubectl('get deployment load -o jsonpath={.spec.replicas}')) !== '3') {
    assert.match(await kubectl(consume, '{}'), /^200 millicores$/m);
    await sleep(1000);
  }
  assert.match(await kubectl('get hpa'), /^load +Deployment\/load +cpu: \d+%\/50% +1 +3 +[13] /m);
  await kubectl('wait deployment load --for=jsonpath={.status.readyReplicas}=3 --timeout=60s');

  // The next look of the autoscaler is at what is used from then on.
  while (/ [1-9]\d+m /.test(await kubectl('top pods'))) await sleep(1000);
  await kubectl('wait deployment load --for=jsonpath={.spec.replicas}=1 --timeout=90s');
  const events = await cluster.until(
    'get events --field-selector involvedObject.kind=HorizontalPodAutoscaler',
    /SuccessfulRescale .* New size: 1; reason: All metrics below target$/m,
  );
  assert.match(
    events,
    /SuccessfulRescale .* New size: 3; reason: cpu resource utilization \(percentage of request\) above target$/m,
  );
});
