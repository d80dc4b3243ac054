import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
});
after(() => cluster.stop());

async function ok(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran.stdout;
}

test('create, get, label, annotate, patch, delete of a ConfigMap', async () => {
  assert.match(await ok('create namespace crud'), /namespace\/crud created/);
  assert.match(await ok('create configmap cm --from-literal=a=b -n crud'), /configmap\/cm created/);
  assert.equal(await ok('get cm cm -n crud -o jsonpath={.data.a}'), 'b');
  assert.match(await ok('label cm cm -n crud x=y'), /labeled/);
  assert.match(await ok('annotate cm cm -n crud q=1'), /annotated/);
  await ok('patch cm cm -n crud --type=json -p [{"op":"add","path":"/data/z","value":"1"}]');
  await ok('patch cm cm -n crud --type=merge -p {"data":{"m":"2"}}');
  await ok('patch cm cm -n crud -p {"data":{"s":"3"}}');
  const data = JSON.parse(await ok('get cm cm -n crud -o json')).data;
  assert.deepEqual(data, { a: 'b', z: '1', m: '2', s: '3' });
  assert.equal(await ok('get cm -A -l x=y -o name'), 'configmap/cm\n');
  assert.equal(await ok('delete cm cm -n crud'), 'configmap "cm" deleted\n');
  const gone = await cluster.run(['get', 'cm', 'cm', '-n', 'crud']);
  assert.equal(gone.stderr, 'Error from server (NotFound): configmaps "cm" not found\n');
});

test('apply creates, changes and leaves alone', async () => {
  const manifest = (value: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'applied', namespace: 'default' },
      data: { value },
    });
  assert.match(await ok('apply --validate=false -f -', manifest('1')), /created/);
  assert.match(await ok('apply --validate=false -f -', manifest('1')), /unchanged/);
  assert.match(await ok('apply --validate=false -f -', manifest('2')), /configured/);
  assert.equal(await ok('get cm applied -n default -o jsonpath={.data.value}'), '2');
});

test('wait sees a condition that a status patch sets', async () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
  await ok('create --validate=false -f -', JSON.stringify(node));
  const waiting = ok('wait --for=condition=Ready node/n1 --timeout=20s');
  const status = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  await ok(`patch node n1 --subresource=status --type=merge -p ${JSON.stringify(status)}`);
  assert.match(await waiting, /node\/n1 condition met/);
});

test('get --watch follows changes', async () => {
  const watching = cluster.run([
    'get',
    'cm',
    '-n',
    'watched',
    '-o',
    'name',
    '--watch',
    '--request-timeout=3s',
  ]);
  await ok('create namespace watched');
  await ok('create configmap w -n watched');
  assert.match((await watching).stdout, /configmap\/w\n/);
});
