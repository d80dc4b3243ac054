import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCluster } from './cluster.ts';
import type { LoadResult } from './http-load.ts';

/** Services while requests come: nothing is lost when pods and agents go. */

const cluster = new TestCluster('e2e-load');
const node = cluster.node(1);
const program = join(import.meta.dirname, 'http-load.ts');
const tableWatch = join(import.meta.dirname, '../../src/kernel/nft/watch-tables.pl');
/** The chi-square value that five equally likely pods exceed once in a thousand runs. */
const chiSquareLimit = 18.467;
const addresses = { clusterIP: '', nodePort: '', balancer: '' };

/** nginx needs some milliseconds until it listens: without a probe a pod counts as ready before that. */
const withProbe = {
  spec: {
    template: {
      spec: {
        containers: [{ name: 'echoserver', readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }],
      },
    },
  },
};

before(async () => {
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
  await shell('k create deployment echoserver --image=k8s.gcr.io/echoserver:1.10 --replicas=5');
  await shell(`k patch deployment echoserver -p '${JSON.stringify(withProbe)}'`);
  await shell('k create service loadbalancer echoserver --tcp=5005:8080');
  await shell('k rollout status deployment echoserver --timeout=60s');
  await shell('k wait service echoserver --for=jsonpath={.status.loadBalancer.ingress[0].ip} --timeout=10s');
  const path = '{.spec.clusterIP} {.spec.ports[0].nodePort} {.status.loadBalancer.ingress[0].ip}';
  const words = (await shell(`k get service echoserver -o jsonpath='${path}'`)).split(' ');
  addresses.clusterIP = `http://${words[0]}:5005/`;
  addresses.nodePort = `http://172.30.0.3:${words[1]}/`;
  addresses.balancer = `http://${words[2]}:5005/`;
  // A new holder of the address tells the link first.
  await until(async () => (await load('balancer', 10, 0.3)).failed === 0, 'the load balancer answers');
});

after(() => cluster.delete());

async function shell(line: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.shell(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout;
}

/** From the host side, or a node where the address is the cluster's own. */
async function load(
  to: keyof typeof addresses,
  rate: number,
  seconds: number,
  ...more: string[]
): Promise<LoadResult> {
  const words = [process.execPath, program, addresses[to], String(rate), String(seconds), ...more];
  const where = to === 'clusterIP' ? ['--node', node] : [];
  const { code, stdout, stderr } = await cluster.causeway('exec', ...where, '--', ...words);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as LoadResult;
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `not within 20 s: ${what}`);
    await sleep(100);
  }
}

function assertNothingLost({ sent, failed, failures }: LoadResult): void {
  assert.ok(sent > 0);
  assert.equal(failed, 0, JSON.stringify(failures, undefined, 1));
}

for (const to of ['clusterIP', 'nodePort', 'balancer'] as const) {
  test(`1,000 requests to the ${to} reach all five pods evenly`, async () => {
    // More than asked for: a busy machine does not keep the rate.
    const result = await load(to, 400, 4);
    assertNothingLost(result);
    assert.ok(result.sent >= 1000, `${result.sent} requests`);
    const counts = Object.values(result.pods);
    assert.equal(counts.length, 5);
    const expected = result.sent / 5;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chiSquare < chiSquareLimit, `chi-square ${chiSquare}: ${counts}`);
  });
}

test('a pod that is deleted under load loses nothing', async () => {
  const [outside, inside] = [load('balancer', 200, 4), load('clusterIP', 100, 4)];
  await sleep(1000);
  await shell('k delete $(k get pods -l app=echoserver -o name | head -1) --wait=false');
  assertNothingLost(await outside);
  assertNothingLost(await inside);
  await shell('k rollout status deployment echoserver --timeout=60s');
});

test('a rolling update under load loses nothing', async () => {
  const over = join(cluster.scratch, 'update-over');
  const loads = [load('balancer', 200, 60, `until=${over}`), load('clusterIP', 50, 60, `until=${over}`)];
  await sleep(1000);
  await shell('k rollout restart deployment echoserver');
  await shell('k rollout status deployment echoserver --timeout=60s');
  await sleep(1000);
  await writeFile(over, '');
  for (const result of await Promise.all(loads)) {
    assertNothingLost(result);
    assert.equal(Object.keys(result.pods).length, 10, 'old and new pods answered');
  }
});

/** The agent of the node. */
async function agent(): Promise<number | undefined> {
  const { stdout } = await cluster.causeway('status', '-o', 'json');
  const { components } = JSON.parse(stdout) as {
    components: { component: string; on: string; pid?: number }[];
  };
  return components.find(({ component, on }) => component === 'agent' && on === node)?.pid;
}

test('an agent that is killed under load loses nothing, and its successor changes no rule', async () => {
  const killed = await agent();
  assert.ok(killed, 'the agent runs');
  const watch = spawn(
    cluster.program,
    ['exec', '--name', cluster.name, '--node', node, '--', 'perl', tableWatch],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let told = '';
  watch.stdout.setEncoding('utf8').on('data', text => (told += text));
  await until(async () => told.includes('watching'), 'the rules are watched');
  const [kept, anew] = [load('clusterIP', 100, 8, 'keep-alive'), load('nodePort', 100, 8)];
  await sleep(1000);
  process.kill(killed, 'SIGKILL');
  await until(async () => ![undefined, killed].includes(await agent()), 'an agent runs again');
  const established = await kept;
  assertNothingLost(established);
  assert.ok(established.connections <= 8, `${established.connections} connections`);
  assertNothingLost(await anew);
  assert.doesNotMatch(told, /causeway-services|lost/, 'no rule was changed');
  watch.stdin.end();
  // The successor works: what is created now is reached.
  await shell('k create service clusterip later --tcp=80:8080');
  await shell(`k patch service later -p '{"spec":{"selector":{"app":"echoserver"}}}'`);
  const later = (await shell('k get service later -o jsonpath={.spec.clusterIP}')).trim();
  addresses.clusterIP = `http://${later}:80/`;
  await until(async () => (await load('clusterIP', 10, 0.3)).failed === 0, 'a new Service is reached');
});
