import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { machineState, TestCluster } from './cluster.ts';

/** The first two parts of the study guide, command by command. */

const cluster = new TestCluster('e2e-guide');
let machineBefore: ReturnType<typeof machineState>;

const multi = `# multi.yaml
apiVersion: v1
kind: Pod
metadata:
  name: multi
spec:
  containers:
  - name: nginx
    image: nginx
  - name: sidecar
    image: curlimages/curl
    args:
    - /bin/sh
    - -c
    - 'while true; do curl localhost; sleep 5; done'
`;

before(async () => {
  // What a run that was cut off may have left is none of this one's.
  await cluster.causeway('delete', '--yes');
  machineBefore = machineState(cluster.name);
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
});

after(async () => {
  const gone = await cluster.delete();
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(machineState(cluster.name), machineBefore, 'the machine is as before');
});

test('two nodes are Ready', async () => {
  const { stdout } = await cluster.kubectl('get nodes --no-headers');
  const states = stdout
    .trim()
    .split('\n')
    .map(line => line.split(/\s+/).slice(0, 2));
  assert.deepEqual(states, [
    [cluster.node(1), 'Ready'],
    [cluster.node(2), 'Ready'],
  ]);
});

test('container to container: the sidecar fetches the page from localhost', async () => {
  const applied = await cluster.kubectl('apply -f -', multi);
  assert.equal(applied.stdout, 'pod/multi created\n');
  const ready = await cluster.kubectl('wait pod/multi --for=condition=Ready --timeout=120s');
  assert.equal(ready.code, 0, ready.stderr);
  const logs = cluster.follow('logs multi sidecar -f');
  let text = '';
  for await (const chunk of logs.stdout) {
    text += chunk;
    if (text.includes('Welcome to nginx!')) break;
  }
  logs.kill();
  assert.match(text, /Welcome to nginx!/);
});

const wget =
  'k run busybox --image=busybox --rm -it --restart=Never -- wget --spider $(k get pod multi -o jsonpath={.status.podIP})';

test('pod to pod, from a pipe: the remote file exists and the pod is gone', async () => {
  const { stdout, stderr, code } = await cluster.shell(wget);
  assert.equal(code, 0, stderr);
  assert.match(stdout + stderr, /remote file exists/);
  assert.match(stdout, /pod "busybox" deleted/);
  const pods = await cluster.kubectl('get pods -o name');
  assert.equal(pods.stdout, 'pod/multi\n');
});

test('pod to pod, from a terminal', async () => {
  const { stdout, code } = await cluster.terminal(wget);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /remote file exists/);
  const pods = await cluster.kubectl('get pods -o name');
  assert.equal(pods.stdout, 'pod/multi\n');
});

test('pod to pod across nodes', async () => {
  const node = await cluster.kubectl('get pod multi -o jsonpath={.spec.nodeName}');
  const other = node.stdout === cluster.node(1) ? cluster.node(2) : cluster.node(1);
  const overrides = JSON.stringify({ spec: { nodeName: other } });
  const line = wget.replace('--restart=Never', `--restart=Never --overrides='${overrides}'`);
  const { stdout, stderr, code } = await cluster.shell(line);
  assert.equal(code, 0, stderr);
  assert.match(stdout + stderr, /remote file exists/);
});

test('every node has a subnet of its own', async () => {
  const { stdout } = await cluster.shell(`k get nodes -o json | jq -r '.items[].spec.podCIDR' | sort -V`);
  assert.deepEqual(stdout.trim().split('\n'), ['10.244.0.0/24', '10.244.1.0/24']);
});
