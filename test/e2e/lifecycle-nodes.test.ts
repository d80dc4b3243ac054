import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { run, TestCluster } from './cluster.ts';
import { programOf } from './robustness-runtime.ts';

/** Nodes come and go; what the other commands tell about it. */

const cluster = new TestCluster('e2e-nodes');
const [first, second] = [cluster.node(1), cluster.node(2)];

before(async () => {
  // Two pod subnets of 16 addresses, so that both kinds of room can be used up.
  const up = await cluster.up('--pod-subnet', '10.244.0.0/27', '--node-mask-size', '28');
  assert.equal(up.code, 0, up.stderr);
});

after(() => cluster.delete());

async function succeed(command: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.causeway(command, ...words);
  assert.equal(code, 0, `${command} ${words.join(' ')}: ${stderr}`);
  return stdout;
}

const kubectl = (words: string, input?: string) => cluster.succeed(words, input);

const podCidr = (node: string) => kubectl(`get node ${node} -o jsonpath={.spec.podCIDR}`);

test('a node that is stopped is not ready any more; started, it is', async () => {
  const cidr = await podCidr(second!);
  await succeed('node stop', second!);
  assert.match(await succeed('node list'), new RegExp(`${first} .*running\\n${second} .*stopped\\n`));
  await kubectl(`wait node/${second} --for=condition=Ready=Unknown --timeout=60s`);
  const taints = await kubectl(`get node ${second} -o jsonpath={.spec.taints[*].key}`);
  assert.match(taints, /node\.kubernetes\.io\/unreachable/);
  assert.match(await succeed('up'), /is up already: 1 node ready/);
  await succeed('node start', second!);
  await kubectl(`wait node/${second} --for=condition=Ready --timeout=10s`);
  assert.equal(await podCidr(second!), cidr);
});

test('an agent that was silent and comes back makes its node ready again', async () => {
  const pid = programOf(`${cluster.name}/nodes/${second}/system/agent`, /agent\.mjs/);
  assert.ok(pid);
  process.kill(pid, 'SIGSTOP');
  try {
    await kubectl(`wait node/${second} --for=condition=Ready=Unknown --timeout=60s`);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await kubectl(`wait node/${second} --for=condition=Ready --timeout=30s`);
});

test('a node that is removed gives its pod subnet back', async () => {
  const cidr = await podCidr(second!);
  const third = await cluster.causeway('node add');
  assert.equal(third.code, 2);
  assert.match(third.stderr, /10\.244\.0\.0\/27 for pods has no \/28 left for another node/);
  await succeed('node remove', second!);
  assert.equal(await kubectl('get nodes -o name'), `node/${first}\n`);
  await succeed('node add', 'extra');
  assert.equal(await podCidr('extra'), cidr);
  const state = JSON.parse(await succeed('status', '-o', 'json'));
  assert.deepEqual(
    state.nodes.map((node: { name: string; state: string }) => [node.name, node.state]),
    [
      [first, 'Ready'],
      ['extra', 'Ready'],
    ],
  );
});

test('a pod subnet that is used up: the pod that is left over says so', async () => {
  const fill = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'fill' },
    spec: {
      replicas: 14,
      selector: { matchLabels: { app: 'fill' } },
      template: {
        metadata: { labels: { app: 'fill' } },
        spec: {
          nodeName: first,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'c', image: 'busybox', command: ['sleep', '100000'] }],
        },
      },
    },
  };
  await kubectl('apply -f -', JSON.stringify(fill));
  const wait = 'wait --for=jsonpath={.status.readyReplicas}=13 deployment/fill --timeout=60s';
  await kubectl(wait);
  const events = 'events --for pod/ --types=Warning';
  const pending = await kubectl(`get pods -l app=fill --field-selector status.phase=Pending -o name`);
  assert.equal(pending.trim().split('\n').length, 1, pending);
  const told = await kubectl(`${events.replace('pod/', pending.trim())}`);
  assert.match(told, /FailedCreatePodSandBox .*no addresses left in 10\.244\.\d+\.\d+\/28/);
  await kubectl('scale deployment fill --replicas=13');
  await kubectl('rollout status deployment fill --timeout=60s');
  await kubectl('delete deployment fill');
});

test('logs, events, images and completion tell what they are asked', async () => {
  assert.match(await succeed('logs', 'server', '--tail', '5'), /server/);
  assert.match(await succeed('logs', first!), /started/);
  assert.match(await succeed('logs', first!, '--containerd', '--tail', '3'), /level=/);
  assert.match(await succeed('events', '--since', '5m'), new RegExp(`node\\.registered .*Node ${first}`));
  const decisions = JSON.parse(await succeed('events', '-o', 'json'));
  assert.ok(decisions.every((each: { time: number; type: string }) => each.time > 0 && each.type !== ''));
  const images = await run([cluster.program, 'image', 'list', '-o', 'json']);
  assert.ok(JSON.parse(images.stdout).some((image: { origin: string }) => image.origin === 'stand-in'));
  const words = `source <(${cluster.program} completion bash); COMP_WORDS=(causeway node ''); COMP_CWORD=2; _causeway; echo \${COMPREPLY[@]}`;
  const completion = await run(['bash', '-c', words]);
  assert.equal(completion.stdout, 'list add remove stop start --help\n');
});

test('every command has a page of help with an example', async () => {
  const { stdout } = await run([cluster.program, '--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map(match => match[1]!);
  assert.ok(commands.length > 10, stdout);
  for (const command of commands) {
    // `k` hands --help on to kubectl.
    if (['causeway', 'sudo', 'help', 'k'].includes(command)) continue;
    const help = await run([cluster.program, command, '--help']);
    assert.equal(help.code, 0, help.stderr);
    assert.match(help.stdout, /\nExamples?:\n {2}\S/, command);
  }
});
