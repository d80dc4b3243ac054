import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestEtcd } from '../../src/store/testing/etcd-process.ts';
import { clusterFolder, processesIn, type Result, run, TestCluster } from './cluster.ts';

/**
 * Two servers on an etcd of three members. Its machine is a network namespace with nothing but loopback: an
 * isolated cluster would have no way to etcd.
 */

const cluster = new TestCluster('e2e-etcd');
const kubeconfig = join(clusterFolder(cluster.name), 'kubeconfig');
const etcd = new TestEtcd();
let machine: ChildProcess;
let enter: string[];

async function inside(words: string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await attempt(words, input);
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return stdout;
}

function attempt(words: string[], input?: string): Promise<Result> {
  return run([...enter, ...words], input);
}

/** kubectl at both servers' address, or at one of them. */
function kubectl(
  words: string,
  { server, input }: { server?: number; input?: string } = {},
): Promise<string> {
  const context = `causeway-${cluster.name}${server ? `-server-${server}` : ''}`;
  return inside(['kubectl', '--kubeconfig', kubeconfig, '--context', context, ...words.split(' ')], input);
}

function causeway(words: string): Promise<Result> {
  const [command = '', ...rest] = words.split(' ');
  return attempt([cluster.program, command, '--name', cluster.name, ...rest]);
}

before(async () => {
  machine = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo up; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise(resolve => machine.stdout!.once('data', resolve));
  enter = ['nsenter', `--net=/proc/${machine.pid}/ns/net`, '--'];
  await etcd.start({ count: 3, enter });
  const endpoints = etcd.endpoints.join(',');
  const { code, stderr } = await causeway(
    `up --yes --nodes 1 --servers 2 --datastore etcd --etcd-endpoints ${endpoints} --kubeconfig ${join(cluster.scratch, 'kubeconfig')}`,
  );
  assert.equal(code, 0, stderr);
});

after(async () => {
  await causeway('delete --yes');
  await etcd.stop();
  rmSync(cluster.scratch, { recursive: true, force: true });
  machine.kill('SIGKILL');
});

test('a client that moves between the servers sees what it wrote', async () => {
  for (let n = 0; n < 4; n++) {
    const [here, there] = n % 2 ? [1, 2] : [2, 1];
    await kubectl(`create configmap moved-${n}`, { server: here });
    assert.equal(
      await kubectl(`get configmap moved-${n} -o name`, { server: there }),
      `configmap/moved-${n}\n`,
    );
    await kubectl(`delete configmap moved-${n}`, { server: there });
  }
  const holders = await kubectl('get leases -n kube-system -o jsonpath={.items[*].spec.holderIdentity}');
  const names = [1, 2].map(number => `${cluster.name}-server-${number}`);
  for (const holder of holders.split(' ')) assert.ok(names.includes(holder), holder);
});

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The process that runs with the configuration of this server; not its supervisor. */
function serverProcess(name: string): number {
  const found = processesIn(cluster.name).filter(pid => {
    const words = commandLine(pid);
    return words[0] === process.execPath && words.some(word => word.endsWith(`/${name}.json`));
  });
  assert.equal(found.length, 1, `${name} runs once`);
  return found[0]!;
}

test('kill -9 of each server and of each etcd member under load: nothing acknowledged is lost', async () => {
  const script = fileURLToPath(new URL('etcd-load.ts', import.meta.url));
  const load = spawn(enter[0]!, [...enter.slice(1), process.execPath, script, kubeconfig], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  let told: { count: number; twice: string[]; failures: string[] } | undefined;
  let more = () => {};
  const lines = createInterface({ input: load.stdout });
  lines.on('line', line => {
    if (line.startsWith('seen ')) told = JSON.parse(line.slice(5));
    else acknowledged.push(line);
    more();
  });
  load.once('exit', () => more());
  const ended = new Promise<void>(resolve => lines.once('close', resolve));
  const writes = async (count: number) => {
    const enough = acknowledged.length + count;
    while (acknowledged.length < enough && load.exitCode === null) {
      await new Promise<void>(resolve => {
        more = resolve;
      });
    }
  };
  try {
    await writes(100);
    for (const name of ['server', 'server-2']) {
      process.kill(serverProcess(name), 'SIGKILL');
      await writes(200);
    }
    for (const member of etcd.members) {
      await member.kill();
      await writes(200);
      member.start();
    }
    await writes(100);
    load.stdin.end();
    await ended;
  } finally {
    load.kill('SIGKILL');
  }
  assert.deepEqual([told?.twice, told?.failures], [[], []]);
  for (const server of [1, 2]) {
    const names = new Set((await kubectl('get configmaps -o name', { server })).split('\n'));
    const lost = acknowledged.filter(name => !names.has(`configmap/${name}`));
    assert.deepEqual(lost, [], `server ${server} has all ${acknowledged.length}`);
  }
});

const pod = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'registry.k8s.io/pause:3.10' }],
    },
  });

test('backup and restore while it runs: what was there comes back, the node follows', async () => {
  const file = join(cluster.scratch, 'backup');
  await kubectl('delete --raw /api/v1/namespaces/default/configmaps');
  await kubectl('create -f -', { input: pod('kept') });
  await kubectl('wait pod/kept --for=condition=Ready --timeout=60s');
  assert.match((await causeway(`backup ${file}`)).stdout, /objects, as of revision \d+, are in/);
  assert.match((await causeway(`backup ${file}`)).stderr, /is there already: add --yes/);
  const version = await kubectl('get pod kept -o jsonpath={.metadata.resourceVersion}');
  await kubectl('delete pod kept');
  await kubectl('create -f -', { input: pod('later') });
  await kubectl('wait pod/later --for=condition=Ready --timeout=60s');

  const refused = await causeway(`restore ${file}`);
  assert.deepEqual([refused.code, /nothing was changed: add --yes/.test(refused.stderr)], [2, true]);
  const restored = await causeway(`restore ${file} --yes`);
  assert.equal(restored.code, 0, restored.stderr);
  await kubectl('wait pod/kept --for=condition=Ready --timeout=60s');
  assert.equal(await kubectl('get pods -o name'), 'pod/kept\n');
  assert.ok(Number(await kubectl('get pod kept -o jsonpath={.metadata.resourceVersion}')) > Number(version));
  const old = await kubectl(`get --raw /api/v1/pods?watch=1&resourceVersion=${version}&timeoutSeconds=2`);
  assert.match(old, /"reason":"Expired"|"code":410/);
});
