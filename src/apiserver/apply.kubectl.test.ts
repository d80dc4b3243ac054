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

const manifest = (name: string, replicas: number, image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: default, labels: {app: web}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ${image}
        ports: [{containerPort: 80}]
`;

test('server-side apply, conflict, force, and who owns what', async () => {
  const apply = 'apply --server-side -f -';
  assert.equal(await ok(apply, manifest('web', 1, 'a:1')), 'deployment.apps/web serverside-applied\n');
  const version = () => ok('get deployment web -o jsonpath={.metadata.resourceVersion}');
  const first = await version();
  await ok(apply, manifest('web', 1, 'a:1'));
  assert.equal(await version(), first, 'the same again is no write');
  await ok('scale deployment web --replicas=3');
  const refused = await cluster.run(apply.split(' '), { input: manifest('web', 1, 'a:1') });
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  );
  await ok(`${apply} --force-conflicts`, manifest('web', 1, 'a:2'));
  assert.equal(await ok('get deployment web -o jsonpath={.spec.replicas}'), '1');
  const shown = await ok('get deployment web -o yaml --show-managed-fields');
  assert.match(shown, /managedFields:\n {2}- apiVersion: apps\/v1\n {4}fieldsType: FieldsV1/);
  assert.match(shown, /manager: kubectl\n {4}operation: Apply/);
  assert.doesNotMatch(await ok('get deployment web -o yaml'), /managedFields/);
});

test('two appliers of disjoint fields, and a field that is given up', async () => {
  const map = (data: string) =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two","namespace":"default"},"data":${data}}`;
  await ok('apply --server-side --field-manager=one -f -', map('{"a":"1"}'));
  await ok('apply --server-side --field-manager=two -f -', map('{"b":"2"}'));
  assert.equal(await ok('get cm two -o jsonpath={.data}'), '{"a":"1","b":"2"}');
  await ok('apply --server-side --field-manager=one -f -', map('{}'));
  assert.equal(await ok('get cm two -o jsonpath={.data}'), '{"b":"2"}');
});

test('from client-side to server-side apply and back', async () => {
  await ok('apply -f -', manifest('moved', 1, 'a:1'));
  const out = await ok('apply --server-side -f -', manifest('moved', 2, 'a:2'));
  assert.equal(out, 'deployment.apps/moved serverside-applied\n');
  const managers = await ok('get deployment moved -o jsonpath={.metadata.managedFields[*].manager}');
  assert.doesNotMatch(managers, /kubectl-client-side-apply/);
  assert.equal(
    await ok('get deployment moved -o jsonpath={.spec.replicas}{.spec.template.spec.containers[0].image}'),
    '2a:2',
  );
  await ok('apply -f -', manifest('moved', 3, 'a:3'));
  assert.equal(await ok('get deployment moved -o jsonpath={.spec.replicas}'), '3');
});

test('a server-side dry run and diff change nothing', async () => {
  await ok('apply --server-side -f -', manifest('same', 1, 'a:1'));
  await ok('apply --server-side --dry-run=server -f -', manifest('same', 5, 'a:1'));
  assert.equal(await ok('get deployment same -o jsonpath={.spec.replicas}'), '1');
  const differs = await cluster.run(['diff', '--server-side', '-f', '-'], {
    input: manifest('same', 5, 'a:1'),
  });
  assert.equal(differs.code, 1, differs.stderr);
  assert.match(differs.stdout, /\+ {2}replicas: 5/);
});
