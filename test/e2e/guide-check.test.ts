import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, TestCluster } from './cluster.ts';

/** The study guide tells the truth, and leaves nothing behind. */

const causeway = join(dirname(fileURLToPath(import.meta.url)), '../../causeway');
const cluster = new TestCluster('e2e-truth');

before(async () => {
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
});

after(async () => {
  const gone = await cluster.delete();
  assert.equal(gone.code, 0, gone.stderr);
});

async function assertClean(): Promise<void> {
  const { stdout } = await cluster.kubectl('get pod,deployment,service -o name');
  assert.equal(stdout, 'service/kubernetes\n');
}

for (const guide of ['container-to-container', 'pod-to-pod', 'services', 'dns']) {
  test(`every output is as written: ${guide}`, async () => {
    const { code, stdout, stderr } = await cluster.causeway('guide', guide, '--check');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`^docs/guide/${guide}\\.md\n ✓`));
    await assertClean();
  });
}

test('the guides are listed in the order they are read', async () => {
  const { stdout } = await run([causeway, 'guide']);
  const names = stdout.split('\n').flatMap(line => /^([a-z-]+) {2,}\S/.exec(line)?.[1] ?? []);
  assert.deepEqual(names, ['container-to-container', 'pod-to-pod', 'services', 'dns']);
});

test('played in a terminal, Enter runs each command', async () => {
  const line = `${causeway} guide --name ${cluster.name} container-to-container`;
  const { code, stdout } = await run(
    ['script', '--quiet', '--return', '--command', line, '/dev/null'],
    '\n'.repeat(30),
  );
  assert.equal(code, 0, stdout);
  assert.match(stdout, /pod\/multi created[\s\S]*Welcome to nginx![\s\S]*pod "multi" deleted/);
  await assertClean();
});

test('left early, it deletes what it made', async () => {
  const line = `${causeway} guide --name ${cluster.name} container-to-container`;
  const { code, stdout } = await run(
    ['script', '--quiet', '--return', '--command', line, '/dev/null'],
    '\n\nq\n',
  );
  assert.equal(code, 0, stdout);
  assert.match(stdout, /pod\/multi created/);
  assert.doesNotMatch(stdout, /Welcome to nginx!/);
  await assertClean();
});

test('interrupted, the check deletes what it made', async () => {
  const check = spawn(causeway, ['guide', 'services', '--check', '--name', cluster.name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  check.stdout.on('data', chunk => {
    printed += chunk;
    if (printed.includes('--tcp=80:8080')) check.kill('SIGTERM');
  });
  const [code] = await once(check, 'close');
  assert.equal(code, 130);
  assert.doesNotMatch(printed, /Clean up|create service nodeport/);
  await assertClean();
});

test('it does not touch what the user has under the same name', async () => {
  await cluster.kubectl('create service clusterip echoserver --tcp=1:1');
  const { code, stderr } = await cluster.causeway('guide', 'services', '--check');
  assert.equal(code, 1);
  assert.match(stderr, /already has: service\/echoserver/);
  const kept = await cluster.kubectl('get service echoserver -o jsonpath={.spec.ports[0].port}');
  assert.equal(kept.stdout, '1');
  await cluster.kubectl('delete service echoserver');
});

test('a command of the guide looks into a node', async () => {
  const [node] = (await cluster.kubectl('get nodes -o jsonpath={.items[*].metadata.name}')).stdout.split(' ');
  const inside = await cluster.causeway('exec', '--node', node!, '--', 'hostname');
  assert.deepEqual([inside.stdout.trim(), inside.code], [node, 0]);
  const unknown = await cluster.causeway('exec', '--node', 'nowhere', '--', 'true');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /there is no node "nowhere"/);
});

const wrong: { name: string; words: string[]; message: RegExp }[] = [
  {
    name: 'an unknown guide',
    words: ['nothing'],
    message: /there is no guide "nothing"; there are: container/,
  },
  { name: 'playing without a terminal', words: ['dns'], message: /played in a terminal/ },
  { name: 'an unknown option', words: ['--chek'], message: /unknown option '--chek'/ },
];
for (const { name, words, message } of wrong) {
  test(`the user's words are off: ${name}`, async () => {
    const { code, stderr } = await cluster.causeway('guide', ...words);
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}
