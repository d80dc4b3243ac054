import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from './cluster.ts';

/** The third part of the study guide, command by command; each Service after the one before was deleted. */

const cluster = new TestCluster('e2e-services');

before(async () => {
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
  await shell('k create deployment echoserver --image=k8s.gcr.io/echoserver:1.10 --replicas=5');
  await shell('k rollout status deployment echoserver --timeout=120s');
});

after(() => cluster.delete());

/** Runs a line that has to succeed. */
async function shell(line: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.shell(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout + stderr;
}

const fromPod = (target: string) =>
  `k run busybox --image=busybox --rm -it --restart=Never -- wget --spider ${target}`;

test('ClusterIP: a pod reaches the Service by its name', async () => {
  await shell('k create service clusterip echoserver --tcp=80:8080');
  assert.match(await shell(fromPod('echoserver')), /remote file exists/);
  await shell('k delete service echoserver');
});

test('NodePort: from a pod, and on every node from outside', async () => {
  await shell('k create service nodeport echoserver --tcp=5005:8080');
  assert.match(await shell(fromPod('echoserver:5005')), /remote file exists/);
  const seen = await shell(
    [
      `ADDR=$(k get nodes -o jsonpath='{ $.items[*].status.addresses[?(@.type=="InternalIP")].address }')`,
      'PORT=$(k get svc echoserver -o jsonpath={.spec.ports[0].nodePort})',
      'for address in $ADDR; do wget --spider -T 5 -t 1 $address:$PORT && echo "reached $address"; done',
    ].join('\n'),
  );
  assert.deepEqual(seen.match(/^reached .*$/gm), ['reached 172.30.0.2', 'reached 172.30.0.3']);
  await shell('k delete service echoserver');
});

test('LoadBalancer: an address within 2 s, reached from outside', async () => {
  await shell('k create service loadbalancer echoserver --tcp=5005:8080');
  const jsonpath = '{.status.loadBalancer.ingress[0].ip}';
  await shell(`k wait service echoserver --for=jsonpath=${jsonpath} --timeout=2s`);
  const row = await shell('k get svc echoserver --no-headers');
  const address = row.split(/\s+/)[3]!;
  assert.match(address, /^172\.30\.0\.2\d\d$/);
  assert.match(await shell(`wget --spider -T 5 -t 1 ${address}:5005`), /Remote file exists/);
});

test('requests through the load balancer reach all five pods', async () => {
  const address = (
    await shell('k get svc echoserver -o jsonpath={.status.loadBalancer.ingress[0].ip}')
  ).trim();
  const text = await shell(
    `for i in $(seq 100); do wget -q -O- -T 5 -t 1 ${address}:5005 | grep Hostname; done`,
  );
  const pods = new Set(text.trim().split('\n'));
  assert.equal(pods.size, 5);
});
