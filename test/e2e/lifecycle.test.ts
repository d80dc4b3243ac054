import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { clusterFolder, machineState, processesIn, run, start, TestCluster } from './cluster.ts';

/** `up`, `down` and `delete`: again, interrupted, at the same time, and on what is broken. */

const cluster = new TestCluster('e2e-life');
let machineBefore: ReturnType<typeof machineState>;

before(() => {
  machineBefore = machineState(cluster.name);
});

after(() => cluster.delete());

function asBefore(): void {
  assert.deepEqual(machineState(cluster.name), machineBefore, 'the machine is as before');
}

async function up(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.up(...options);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function remove(): Promise<void> {
  const { code, stderr } = await cluster.causeway('delete', '--yes');
  assert.equal(code, 0, stderr);
  asBefore();
}

const workload = `
apiVersion: v1
kind: ConfigMap
metadata: {name: kept}
data: {a: b}
---
apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  containers: [{name: c, image: busybox, command: ["true"]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: busybox, command: [sleep, "100000"]}]
`;

interface PodView {
  metadata: { name: string; uid: string };
  status: { phase: string; podIP: string; containerStatuses: { restartCount: number }[] };
}

async function pods(): Promise<PodView[]> {
  const { stdout, stderr } = await cluster.kubectl('get pods -o json');
  assert.equal(stderr, '');
  return JSON.parse(stdout).items;
}

const uids = (list: PodView[]) => list.map(({ metadata: { name, uid } }) => `${name} ${uid}`).sort();

/** All of a kind's words but those that move by themselves. */
async function objects(): Promise<string[]> {
  const kinds = 'configmaps,secrets,serviceaccounts,deployments,replicasets,services,clusterroles';
  const { stdout } = await cluster.kubectl(`get ${kinds} -A -o json`);
  const items: { kind: string; metadata: { name: string; namespace?: string; uid: string } }[] =
    JSON.parse(stdout).items;
  return items.map(({ kind, metadata: m }) => `${kind} ${m.namespace}/${m.name} ${m.uid}`).sort();
}

test('down and up: every object and every pod comes back', async () => {
  assert.match(await up(), /is up: 2 nodes ready/);
  assert.equal((await cluster.kubectl('apply -f -', workload)).code, 0);
  const rollout = await cluster.kubectl('rollout status deployment web --timeout=60s');
  assert.equal(rollout.code, 0, rollout.stderr);
  const once = await cluster.kubectl('wait pod/once --for=jsonpath={.status.phase}=Succeeded --timeout=60s');
  assert.equal(once.code, 0, once.stderr);
  const [podsBefore, objectsBefore] = [await pods(), await objects()];

  const down = await cluster.causeway('down');
  assert.equal(down.code, 0, down.stderr);
  const { processes, mounts, cgroups, links } = machineState(cluster.name);
  assert.deepEqual({ processes, mounts, cgroups }, { processes: [], mounts: [], cgroups: [] });
  assert.equal(links, machineBefore.links);
  const stopped = await cluster.causeway('status', '-o', 'json');
  assert.equal(stopped.code, 1);
  assert.equal(JSON.parse(stopped.stdout).api.ready, false);
  const exec = await cluster.exec(['true']);
  assert.deepEqual([exec.code, /does not run: start it with/.test(exec.stderr)], [1, true]);

  await up();
  assert.deepEqual(await objects(), objectsBefore);
  const again = `wait pod -l app=web --for=jsonpath={.status.containerStatuses[0].restartCount}=1 --timeout=60s`;
  assert.equal((await cluster.kubectl(again)).code, 0);
  assert.equal((await cluster.kubectl('wait pod -l app=web --for=condition=Ready --timeout=60s')).code, 0);
  const podsAfter = await pods();
  assert.deepEqual(uids(podsAfter), uids(podsBefore));
  for (const { metadata, status } of podsAfter) {
    const done = metadata.name === 'once';
    assert.equal(status.phase, done ? 'Succeeded' : 'Running', metadata.name);
    assert.equal(status.containerStatuses[0]?.restartCount, done ? 0 : 1, metadata.name);
  }
  const addresses = podsAfter.filter(pod => pod.status.phase === 'Running').map(pod => pod.status.podIP);
  assert.equal(new Set(addresses).size, 4, `addresses are unique: ${addresses}`);
});

test('up where all runs: nothing to do', async () => {
  const { code, stdout, stderr } = await cluster.up();
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    new RegExp(`^The cluster "${cluster.name}" is up already: 2 nodes ready, nothing to do\\.`),
  );
  assert.equal(stderr, '');
});

test('an option that says other than the cluster is refused', async () => {
  for (const options of [
    ['--nodes', '3'],
    ['--pod-subnet', '10.9.0.0/16'],
    ['--api-port', '7000'],
    ['--ip-family', 'dual'],
    ['--lb-pool', '172.30.0.100-172.30.0.110'],
    ['--dns-upstream', '10.0.0.53'],
  ]) {
    const { code, stderr } = await cluster.up(...options);
    assert.deepEqual([code, stderr.trim().split('\n').length], [2, 1], `${options}: ${stderr}`);
  }
});

test('delete leaves the machine as it was', remove);

test('delete removes what is broken: processes killed, files damaged', async () => {
  await up('--nodes', '1');
  const status = JSON.parse((await cluster.causeway('status', '-o', 'json')).stdout);
  const server = status.components.find((part: { component: string }) => part.component === 'server');
  for (const pid of server.pids) killIfThere(pid);
  for (const pid of machineInits()) killIfThere(pid);
  writeFileSync(join(clusterFolder(cluster.name), 'cluster.json'), '{ "name": ');
  writeFileSync(`/run/causeway/${cluster.name}/machines.json`, 'not JSON');
  for (const command of ['status', 'up --isolated', 'down']) {
    const { code, stderr } = await cluster.causeway(command);
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      new RegExp(`cluster\\.json cannot be read as JSON: .* causeway delete --name ${cluster.name}\\b`, 'm'),
    );
  }
  await remove();
  const again = await cluster.causeway('delete', '--yes');
  assert.deepEqual(
    [again.code, again.stderr],
    [2, `causeway: there is no cluster "${cluster.name}"\n`],
    'nothing is left to delete',
  );
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

/** The first processes of the cluster's machines. */
function machineInits(): number[] {
  return processesIn(`${cluster.name}/nodes/${cluster.name}-1/system/init`);
}

test('up of a server that cannot start fails soon, with its reason; delete works', async () => {
  await up('--nodes', '1');
  assert.equal((await cluster.causeway('down')).code, 0);
  writeFileSync(join(clusterFolder(cluster.name), 'server', 'store.db'), 'x'.repeat(8192));
  for (const attempt of ['first', 'second']) {
    const { code, stderr } = await cluster.up();
    assert.equal(code, 1, attempt);
    assert.match(
      stderr,
      new RegExp(
        `^causeway: the API server ends as soon as it is started: store did not start: .*not a database: see: causeway logs --name ${cluster.name} server$`,
        'm',
      ),
    );
  }
  await remove();
});

test('a second up at the same time is told so', async () => {
  const first = start(['up', '--isolated', '--nodes', '1', '--name', cluster.name]);
  await first.said(/Certificates and configuration/);
  for (const command of ['up --isolated', 'down', 'delete --yes', 'node add']) {
    const { code, stderr } = await cluster.causeway(command);
    assert.equal(code, 1, `${command}: ${stderr}`);
    assert.match(
      stderr,
      new RegExp(`^causeway: another .* the cluster "${cluster.name}": wait for it to end$`, 'm'),
      command,
    );
  }
  assert.equal(await first.code, 0);
  await remove();
});

/** Milliseconds from the start of `up`; the whole of it takes about two seconds. */
const interruptions = [180, 320, 450, 600, 800, 1100, 1500, 2000];

test('up that was interrupted is gone on with, or removed', async () => {
  for (const [index, wait] of interruptions.entries()) {
    const first = start(['up', '--isolated', '--nodes', '2', '--name', cluster.name]);
    await setTimeout(wait);
    first.kill('SIGINT');
    const code = await first.code;
    assert.ok(code === 1 || code === 130 || code === 0, `after ${wait} ms: ${code} ${first.stderr}`);
    if (code === 1) assert.match(first.stderr, /^causeway: interrupted: .*\n$/m, `after ${wait} ms`);
    if (index % 2 === 1) {
      await up('--nodes', '2');
      const { stdout } = await cluster.kubectl('get nodes --no-headers');
      assert.equal(stdout.match(/ Ready /g)?.length, 2, stdout);
    }
    const { code: gone, stderr } = await cluster.causeway('delete', '--yes');
    assert.ok(gone === 0 || /there is no cluster/.test(stderr), stderr);
    asBefore();
  }
});

test('words that are off: exit code 2 and what is wrong', async () => {
  const rows: [words: string[], message: RegExp][] = [
    [['up', '--name', 'Bad_Name'], /the cluster name "Bad_Name" cannot be used/],
    [['up', '--nodes', '0'], /whole number from 1 to 64/],
    [['up', '--bogus'], /unknown option '--bogus'/],
    [['up', '--isolated', '--pod-subnet', '10.300.0.0/16'], /"10\.300\.0\.0\/16" for pods is no subnet/],
    [['up', '--isolated', '--pod-subnet', '10.1.0.0/30'], /10\.1\.0\.0\/30 .*too small/],
    [['up', '--isolated', '--service-subnet', '10.1.0.0/30'], /10\.1\.0\.0\/30 .*too small/],
    [['up', '--isolated', '--node-subnet', '10.1.0.0/28'], /10\.1\.0\.0\/28 .*too small/],
    [['up', '--isolated', '--node-subnet', '10.1.0.0/16', '--pod-subnet', '10.1.0.0/16'], /overlaps/],
    [['up', '--isolated', '--pod-subnet', 'fd00::/56'], /family/],
    [['up', '--isolated', '--lb-pool', 'nonsense'], /"nonsense" .* load-balancer/],
    [['up', '--isolated', '--lb-pool', '10.9.9.1-10.9.9.9'], /load-balancer .* subnet of the nodes/],
    [['up', '--isolated', '--dns-upstream', 'nonsense'], /"nonsense" .* DNS server/],
    [['bogus'], /unknown command 'bogus'/],
    [['down', '--name', 'e2e-none'], /there is no cluster "e2e-none": make it with/],
    [['status', '--name', 'e2e-none'], /there is no cluster "e2e-none"/],
    [['exec', '--name', 'e2e-none', '--', 'true'], /there is no cluster "e2e-none"/],
    [['delete', '--name', 'e2e-none'], /there is no cluster "e2e-none"/],
    [['image', 'import', '/nonexistent'], /there is no file \/nonexistent/],
    [['image', 'build', 'nonexistent'], /no stand-in for "nonexistent"; it has: .*nginx/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  ];
  for (const [words, message] of rows) {
    const { code, stdout, stderr } = await run([cluster.program, ...words]);
    assert.deepEqual([code, stdout], [2, ''], `${words.join(' ')}: ${stderr}`);
    assert.match(stderr, message, words.join(' '));
  }
  asBefore();
});

test('without what it needs of the machine, up says so and touches nothing', async () => {
  const rows: [limits: string[], code: number, message: RegExp][] = [
    [['--reuid', '65534', '--clear-groups'], 2, /needs root: sudo \.\/causeway up$/m],
    [
      ['--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'],
      1,
      /^causeway: namespaces cannot be made: /m,
    ],
    [
      ['--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
      1,
      /^causeway: .*Operation not permitted/m,
    ],
  ];
  for (const [limits, expected, message] of rows) {
    const words = ['setpriv', ...limits, cluster.program, 'up', '--isolated', '--name', cluster.name];
    const { code, stderr } = await run(words);
    assert.equal(code, expected, stderr);
    assert.match(stderr, message);
  }
  asBefore();
});
