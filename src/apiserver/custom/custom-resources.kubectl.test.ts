import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crontabs } from '../testing/custom.ts';
import { KubectlCluster } from '../testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
  await ok('create -f -', JSON.stringify(crontabs()));
  await ok('wait --for=condition=Established crd/crontabs.stable.example.com --timeout=10s');
});
after(() => cluster.stop());

async function ok(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran.stdout;
}

const cron = (name: string, spec: object = { cronSpec: '* * * * */5', image: 'my-awesome-cron-image' }) =>
  JSON.stringify({ apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name }, spec });

test('a definition is established and its resource in discovery', async () => {
  const crd = JSON.parse(await ok('get crd crontabs.stable.example.com -o json'));
  const conditions = crd.status.conditions.map((each: { type: string; reason: string }) => [
    each.type,
    each.reason,
  ]);
  assert.deepEqual(conditions, [
    ['NamesAccepted', 'NoConflicts'],
    ['Established', 'InitialNamesAccepted'],
  ]);
  assert.deepEqual(crd.status.acceptedNames.shortNames, ['ct']);
  assert.deepEqual(crd.status.storedVersions, ['v1']);
  assert.match(
    await ok('api-resources --api-group=stable.example.com'),
    /crontabs +ct +stable.example.com\/v1 +true +CronTab/,
  );
  assert.match(await ok('api-versions'), /^stable.example.com\/v1$/m);
});

test('create, get, apply, patch, describe and delete', async () => {
  assert.match(await ok('apply -f -', cron('one')), /crontab.stable.example.com\/one created/);
  assert.match(await ok('apply -f -', cron('one')), /unchanged/);
  const changed = cron('one', { cronSpec: '* * * * */7', image: 'other' });
  assert.match(await ok('apply -f -', changed), /configured/);
  assert.match(await ok('get ct'), /^NAME +SPEC +REPLICAS +AGE\none +\* \* \* \* \*\/7 +1 +\d+s\n$/);
  assert.match(await ok('get all'), /crontab.stable.example.com\/one/);
  assert.match(await ok('describe ct one'), /Cron Spec: +\* \* \* \* \*\/7/);
  await ok('patch ct one --type=merge -p {"spec":{"image":"third"}}');
  await ok('patch ct one --type=json -p [{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]');
  assert.equal(await ok('get ct -l a=b -o jsonpath={.items[*].spec.image}'), 'third');
  assert.equal(await ok('get ct one -o jsonpath={.metadata.generation}'), '3');
  assert.match(await ok('label ct one c=d'), /labeled/);
  assert.match(await ok('get ct one -o yaml'), /^apiVersion: stable.example.com\/v1\nkind: CronTab$/m);
  assert.equal(await ok('delete ct one'), 'crontab.stable.example.com "one" deleted\n');
  assert.equal(await ok('get ct -o name'), '');
});

test('scale, wait and wide columns', async () => {
  await ok('apply -f -', cron('scaled'));
  assert.match(await ok('scale ct scaled --replicas=4'), /crontab.stable.example.com\/scaled scaled/);
  assert.equal(await ok('get ct scaled -o jsonpath={.spec.replicas}'), '4');
  const waiting = ok('wait --for=jsonpath={.status.replicas}=4 ct/scaled --timeout=10s');
  await ok('patch ct scaled --subresource=status --type=merge -p {"status":{"replicas":4}}');
  assert.match(await waiting, /condition met/);
  assert.match(
    await ok('get ct scaled -o wide'),
    /^NAME +SPEC +REPLICAS +IMAGE +AGE\nscaled +\* .* 4 +my-awesome-cron-image /,
  );
  assert.match(
    await ok('get --raw /apis/stable.example.com/v1/namespaces/default/crontabs/scaled/scale'),
    /"replicas":4/,
  );
  const applied = cron('scaled', { cronSpec: '1', image: 'x' });
  assert.match(await ok('apply --server-side --force-conflicts -f -', applied), /serverside-applied/);
  await ok('delete ct --all');
});

test('explain tells the fields of the schema', async () => {
  const text = await ok('explain crontabs.spec');
  assert.match(text, /GROUP: +stable.example.com\nKIND: +CronTab\nVERSION: +v1/);
  assert.match(text, /cronSpec\t<string>/);
  assert.match(text, /When to run\./);
});

test('a definition that is deleted takes its objects and its resource along', async () => {
  await ok('create -f -', JSON.stringify(crontabs('widgets', 'Widget')));
  await ok('wait --for=condition=Established crd/widgets.stable.example.com --timeout=10s');
  const widget = { apiVersion: 'stable.example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: {} };
  await ok('create -f -', JSON.stringify(widget));
  await ok('delete crd widgets.stable.example.com --timeout=10s');
  assert.doesNotMatch(await ok('api-resources --api-group=stable.example.com'), /widgets/);
  const gone = await cluster.run(['get', 'widgets']);
  assert.match(gone.stderr, /the server doesn't have a resource type "widgets"/);
});
