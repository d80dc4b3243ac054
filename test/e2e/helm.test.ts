import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fetchProgram, programsFolder } from '../../src/main/kubectl.ts';
import { findProgram } from '../../src/main/packages.ts';
import { TestCluster } from './cluster.ts';

/**
 * The real Helm with a chart that uses most of what charts use: a custom resource definition and a resource
 * of it, hooks, RBAC, a StatefulSet, `lookup`, a test.
 */

const cluster = new TestCluster('e2e-helm');
const chart = join(fileURLToPath(import.meta.url), '../charts/shop');
let helm: string;

before(async () => {
  helm = findProgram('helm') ?? (await fetchProgram('helm', programsFolder('/var/lib/causeway')));
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
});

after(() => cluster.delete());

/** Runs a command on the host side that has to succeed. */
async function succeed(words: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.exec(words);
  assert.equal(code, 0, `${words.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

const kubectl = (words: string) => succeed(['kubectl', ...words.split(' ')]);

function runHelm(...words: string[]): Promise<string> {
  const homes = ['CACHE', 'CONFIG', 'DATA'].map(name => `HELM_${name}_HOME=${cluster.scratch}`);
  return succeed(['env', ...homes, helm, ...words]);
}

const page = () => kubectl('exec shop-db-0 -- wget -q -O- http://shop-web');
const password = () => kubectl('get secret shop-password -o jsonpath={.data.password}');
let madeAtFirst: string;

test('install: hooks run in their order, the custom resource is there, everything becomes ready', async () => {
  const words = await runHelm('install', 'shop', chart, '--wait', '--timeout', '90s');
  assert.match(words, /STATUS: deployed\n/);
  assert.match(words, /The shop says hello\./);
  assert.equal((await page()).trim(), 'hello revision 1');
  // What the schema's default adds, as a column shows it.
  assert.match(await kubectl('get orders'), /^NAME +ITEM\nshop-first +tea\n$/);
  assert.equal(await kubectl('get order shop-first -o jsonpath={.spec.count}'), '1');
  madeAtFirst = await password();
  // The hooks' Jobs are gone once they have succeeded.
  assert.equal(await kubectl('get jobs -o name'), '');
});

test('test: its pod reaches the shop', async () => {
  assert.match(await runHelm('test', 'shop'), /Phase: +Succeeded/);
});

test('upgrade: values change what runs, and `lookup` finds what is there', async () => {
  const values = 'greeting=goodbye,replicas=3,database.replicas=1';
  await runHelm('upgrade', 'shop', chart, '--wait', '--timeout', '90s', '--set', values);
  assert.equal((await page()).trim(), 'goodbye revision 2');
  assert.equal(await kubectl('get deployment shop-web -o jsonpath={.status.readyReplicas}'), '3');
  assert.equal(await kubectl('get statefulset shop-db -o jsonpath={.status.replicas}'), '1');
  assert.equal(await password(), madeAtFirst);
});

test('rollback: the first revision is back', async () => {
  await runHelm('rollback', 'shop', '1', '--wait', '--timeout', '90s');
  await kubectl('rollout status deployment shop-web --timeout=60s');
  assert.equal((await page()).trim(), 'hello revision 1');
  const history = JSON.parse(await runHelm('history', 'shop', '-o', 'json'));
  assert.deepEqual(
    history.map((each: { status: string }) => each.status),
    ['superseded', 'superseded', 'deployed'],
  );
});

test('uninstall: nothing of the release is left but the definition', async () => {
  await runHelm('uninstall', 'shop', '--wait', '--timeout', '90s');
  assert.equal(await runHelm('list', '--short'), '');
  const kinds = 'deployments,statefulsets,secrets,ingresses,poddisruptionbudgets,roles,rolebindings,orders';
  assert.equal(await kubectl(`get ${kinds} -o name`), '');
  assert.match(await kubectl('get crd -o name'), /orders\.shop\.example\.com/);
});
