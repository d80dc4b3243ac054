import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from '../testing/kubectl.ts';

/** After upstream's conformance tests of CustomResourcePublishOpenAPI and of field validation. */

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
});
after(() => cluster.stop());

async function ok(args: string, input?: unknown): Promise<string> {
  const ran = await run(args, input);
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran.stdout;
}

function run(args: string, input?: unknown) {
  return cluster.run(args.split(' '), input === undefined ? {} : { input: JSON.stringify(input) });
}

interface Version {
  name: string;
  served?: boolean;
  storage?: boolean;
  schema: object;
}

async function define(plural: string, kind: string, group: string, versions: Version[]): Promise<void> {
  await ok('apply -f -', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: versions.map(({ name, schema, served = true, storage = true }) => ({
        ...{ name, served, storage },
        schema: { openAPIV3Schema: schema },
      })),
    },
  });
  await ok(`wait --for=condition=Established crd/${plural}.${group} --timeout=10s`);
}

const foo = {
  type: 'object',
  description: 'Foo CRD for Testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          description: 'List of Bars and their specs.',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', description: 'Name of Bar.' },
              age: { type: 'string', description: 'Age of Bar.' },
              bazs: { type: 'array', items: { type: 'string' }, description: 'List of Bazs.' },
            },
          },
        },
      },
    },
    status: {
      type: 'object',
      description: 'Status of Foo',
      properties: { bars: { type: 'array', items: { type: 'string' } } },
    },
  },
};

const object = (group: string, version: string, kind: string, name: string, rest: object = {}) => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name },
  ...rest,
});

async function published(): Promise<{ v2: string; v3: string }> {
  return { v2: await ok('get --raw /openapi/v2'), v3: await ok('get --raw /openapi/v3') };
}

test('with a validation schema', async () => {
  const group = 'foo.example.com';
  await define('e2e-foos', 'E2eFoo', group, [{ name: 'v1', schema: foo }]);
  const named = (name: string, bar: object) => object(group, 'v1', 'E2eFoo', name, { spec: { bars: [bar] } });
  const valid = named('test-foo', { name: 'test-bar', age: '10', bazs: ['test-baz'] });
  await ok('create -f -', valid);
  await ok('delete e2e-foos test-foo');
  await ok('apply -f -', valid);
  for (const verb of ['create', 'apply']) {
    const unknown = await run(`${verb} -f -`, named('unknown', { name: 'a', unknown: 'b' }));
    assert.match(unknown.stderr, /strict decoding error: unknown field "spec.bars\[0\].unknown"/);
    const missing = await run(`${verb} -f -`, named('missing', { age: '10' }));
    assert.match(missing.stderr, /spec.bars\[0\].name: Required value/);
  }
  assert.match(
    await ok('explain e2e-foos'),
    /DESCRIPTION:\n +Foo CRD for Testing\n[\s\S]*FIELDS:\n[\s\S]*apiVersion\t<string>\n +APIVersion defines[\s\S]*spec\t<Object>\n +Specification of Foo/,
  );
  assert.match(await ok('explain e2e-foos.metadata'), /DESCRIPTION:\n[\s\S]*creationTimestamp\t<string>/);
  assert.match(
    await ok('explain e2e-foos.spec'),
    /FIELDS:\n +bars\t<\[\]Object>\n +List of Bars and their specs\./,
  );
  const bars = await ok('explain e2e-foos.spec.bars');
  assert.match(bars, /bazs\t<\[\]string>\n[\s\S]*name\t<string> -required-\n +Name of Bar\./);
  assert.match((await run('explain e2e-foos.spec.bars2')).stderr, /field "bars2" does not exist/);
  assert.match(await ok('explain e2e-foos.spec --output plaintext-openapiv2'), /bars\t<\[\]Object>/);
});

test('without a schema of fields everything is taken', async () => {
  const group = 'unknown-root.example.com';
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await define('e2e-roots', 'E2eRoot', group, [{ name: 'v1', schema }]);
  const some = object(group, 'v1', 'E2eRoot', 'test-cr', { a: { b: [{ c: 'd' }] } });
  assert.match(await ok('create -f -', some), /created/);
  assert.match(await ok('apply -f -', { ...some, e: 'f' }), /configured/);
  assert.equal(await ok('get e2e-roots test-cr -o jsonpath={.a.b[0].c}{.e}'), 'df');
  assert.match(await ok('explain e2e-roots'), /KIND: +E2eRoot/);
});

test('unknown fields in a part of the object', async () => {
  const group = 'unknown-nested.example.com';
  const keep = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = {
    type: 'object',
    description: 'preserve-unknown-properties in nested field for Testing',
    properties: {
      spec: {
        ...keep,
        description: 'Specification of Waldo',
        properties: { dummy: { type: 'string', description: 'Dummy property.' } },
      },
      template: { ...keep, 'x-kubernetes-embedded-resource': true },
    },
  };
  await define('e2e-waldos', 'E2eWaldo', group, [{ name: 'v1', schema }]);
  const some = object(group, 'v1', 'E2eWaldo', 'test-cr', { spec: { a: null, b: [{ c: 'd' }] } });
  assert.match(await ok('create -f -', some), /created/);
  const embedded = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { any: 1 } };
  assert.match(await ok('apply -f -', { ...some, template: embedded }), /configured/);
  assert.equal(await ok('get e2e-waldos test-cr -o jsonpath={.template.spec.any}{.spec.b[0].c}'), '1d');
  assert.match((await run('apply -f -', { ...some, other: 1 })).stderr, /unknown field "other"/);
  const text = await ok('explain e2e-waldos');
  assert.match(text, /DESCRIPTION:\n +preserve-unknown-properties in nested field for Testing/);
  assert.match(text, /spec\t<Object>\n +Specification of Waldo/);
});

test('groups, kinds and versions stand beside each other, and what ceases to be served goes', async () => {
  const group = 'many.example.com';
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
  };
  const versions = (...names: string[]) => names.map((name, at) => ({ name, schema, storage: at === 0 }));
  await define('e2e-ones', 'E2eOne', group, versions('v2', 'v3'));
  await define('e2e-twos', 'E2eTwo', group, versions('v2'));
  await define('e2e-ones', 'E2eOne', 'other.example.com', versions('v1'));
  const first = await published();
  for (const name of [
    'com.example.many.v2.E2eOne',
    'com.example.many.v3.E2eOne',
    'com.example.many.v2.E2eTwo',
    'com.example.other.v1.E2eOne',
  ]) {
    assert.ok(first.v2.includes(`"${name}"`), name);
  }
  for (const path of ['apis/many.example.com/v2', 'apis/many.example.com/v3', 'apis/other.example.com/v1']) {
    assert.ok(first.v3.includes(`"${path}"`), path);
  }
  const crd = 'crd e2e-ones.many.example.com --type=json -p';
  await ok(`patch ${crd} [{"op":"replace","path":"/spec/versions/1/name","value":"v4"}]`);
  const renamed = await published();
  assert.ok(
    renamed.v3.includes('"apis/many.example.com/v4"') && !renamed.v3.includes('"apis/many.example.com/v3"'),
  );
  assert.ok(
    renamed.v2.includes('"com.example.many.v4.E2eOne"') &&
      !renamed.v2.includes('"com.example.many.v3.E2eOne"'),
  );
  await ok(`patch ${crd} [{"op":"replace","path":"/spec/versions/1/served","value":false}]`);
  const stopped = await published();
  assert.ok(!stopped.v3.includes('"apis/many.example.com/v4"'));
  assert.ok(!stopped.v2.includes('v4.E2eOne'));
  assert.ok(stopped.v2.includes('"com.example.many.v2.E2eOne"'));
});

test('status of a definition is read, updated and patched', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/e2e-foos.foo.example.com/status';
  const read = JSON.parse(await ok(`get --raw ${path}`));
  assert.equal(read.status.acceptedNames.kind, 'E2eFoo');
  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'set' };
  const changed = { ...read, status: { ...read.status, conditions: [...read.status.conditions, condition] } };
  await ok('replace --subresource=status -f -', changed);
  const patch = { status: { conditions: [{ ...condition, type: 'StatusPatched' }] } };
  await ok(
    `patch crd e2e-foos.foo.example.com --subresource=status --type=merge -p ${JSON.stringify(patch)}`,
  );
  const types = await ok('get crd e2e-foos.foo.example.com -o jsonpath={.status.conditions[*].type}');
  assert.match(types, /StatusPatched/);
});
