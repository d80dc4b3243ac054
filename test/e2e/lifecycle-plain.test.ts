import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { clusterFolder, machineState, type Result, run, TestCluster } from './cluster.ts';

/**
 * Clusters that are not isolated, on a machine that is a network namespace with nothing but loopback; and
 * isolated ones beside them. Nothing here may run in the network of the real machine.
 */

const plain = new TestCluster('e2e-plain');
const isolated = new TestCluster('e2e-beside');
const kubeconfig = join(plain.scratch, 'kubeconfig');
const foreign =
  'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts:\n  - name: other\n    context: {}\n';
let machine: ChildProcess;

/** A command with the namespace as its machine. */
function inside(words: string[]): Promise<Result> {
  return run(['nsenter', `--net=/proc/${machine.pid}/ns/net`, '--', ...words]);
}

async function succeed(words: string[]): Promise<string> {
  const { code, stdout, stderr } = await inside(words);
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return stdout;
}

async function network(): Promise<string> {
  const parts = await Promise.all([
    succeed(['ip', '-o', 'link']),
    succeed(['ip', 'route', 'show', 'table', 'all']),
    succeed(['nft', 'list', 'ruleset']),
  ]);
  return parts.join('\n');
}

let networkBefore: string;

before(async () => {
  machine = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo up; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise(resolve => machine.stdout!.once('data', resolve));
  networkBefore = await network();
  assert.doesNotMatch(networkBefore, /eth0|^default/m, 'the namespace has no way out');
});

after(async () => {
  await inside([plain.program, 'delete', '--yes', '--name', plain.name, '--kubeconfig', kubeconfig]);
  await isolated.delete();
  rmSync(plain.scratch, { recursive: true, force: true });
  machine.kill('SIGKILL');
});

const page = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } };
const manifest = JSON.stringify({ ...page, spec: { containers: [{ name: 'c', image: 'nginx' }] } });

test('the access is merged, pods are reachable, what leaves is masqueraded', async () => {
  writeFileSync(kubeconfig, foreign);
  await succeed([
    plain.program,
    'up',
    '--yes',
    '--nodes',
    '1',
    '--name',
    plain.name,
    '--kubeconfig',
    kubeconfig,
  ]);
  const kubectl = ['kubectl', '--kubeconfig', kubeconfig, '--context', `causeway-${plain.name}`];
  const file = join(plain.scratch, 'web.json');
  writeFileSync(file, manifest);
  await succeed([...kubectl, 'apply', '-f', file]);
  await succeed([...kubectl, 'wait', 'pod/web', '--for=condition=Ready', '--timeout=60s']);
  const address = await succeed([...kubectl, 'get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}']);
  assert.match(await succeed(['wget', '-q', '-O-', `http://${address}`]), /Welcome to nginx!/);
  assert.match(
    await succeed(['nft', 'list', 'table', 'inet', `causeway-${plain.name}`]),
    /10\.244\.0\.0\/16.* masquerade/,
  );
  assert.match(await succeed(['ip', 'route']), /^10\.244\.0\.0\/24 via 172\.30\.0\.2 /m);
});

test('isolated and not, side by side: each has what it has', async () => {
  const up = await isolated.up('--nodes', '1');
  assert.equal(up.code, 0, up.stderr);
  const created = await isolated.kubectl('create configmap mine');
  assert.equal(created.code, 0, created.stderr);
  const seen = await succeed([
    plain.program,
    'exec',
    '--name',
    plain.name,
    '--',
    'kubectl',
    'get',
    'configmaps',
  ]);
  assert.doesNotMatch(seen, /mine/);
  assert.equal((await isolated.kubectl('get pods -o name')).stdout, '');
  const gone = await isolated.causeway('delete', '--yes');
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(machineState(isolated.name).processes, []);
  const kubectl = [plain.program, 'exec', '--name', plain.name, '--', 'kubectl'];
  assert.match(await succeed([...kubectl, 'get', 'nodes']), new RegExp(`${plain.node(1)} +Ready`));
  // What runc keeps of the first one's containers lies in a folder that both share by name.
  assert.equal(await succeed([...kubectl, 'exec', 'web', '--', 'echo', 'there']), 'there\n');
});

test('a second one that is not isolated keeps clear of the subnets of the first', async () => {
  const taken = await inside([
    ...[plain.program, 'up', '--name', `${plain.name}-b`, '--kubeconfig', kubeconfig],
    ...['--pod-subnet', '10.244.128.0/17'],
  ]);
  assert.equal(taken.code, 2, taken.stderr);
  assert.match(
    taken.stderr,
    /the subnet 10\.244\.128\.0\/17 for pods overlaps 10\.244\.\d+\.0\/\d+, which is in use/,
  );
});

test('delete takes rules, routes, links and the access out, also where its file is damaged', async () => {
  writeFileSync(join(clusterFolder(plain.name), 'cluster.json'), 'damaged');
  const words = [plain.program, 'delete', '--yes', '--name', plain.name, '--kubeconfig', kubeconfig];
  await succeed(words);
  assert.equal(await network(), networkBefore);
  const text = readFileSync(kubeconfig, 'utf8');
  assert.match(text, /name: other/);
  assert.doesNotMatch(text, /causeway/);
  assert.ok(!existsSync(clusterFolder(plain.name)));
});
