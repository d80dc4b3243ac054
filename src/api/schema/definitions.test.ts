import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinResources } from '../resources.ts';
import { definitionNames, definitionSchema, kindSchema, readDescriptions } from './definitions.ts';
import { goTypes } from './go-types.ts';
import { plainScalars } from './plain-scalars.ts';
import { formatPath, goTypeOf, schemaAt } from './schema.ts';

test('every built-in kind has a schema, and every listed one a schema of its list', () => {
  for (const resource of builtinResources) {
    assert.ok(kindSchema(resource), resource.kind);
    if (resource.verbs.includes('list')) assert.ok(kindSchema({ ...resource, kind: `${resource.kind}List` }));
  }
});

test('a group of others that begins like a built-in one has no schemas', () => {
  for (const group of ['apps.example.com', 'networking.x-k8s.io']) {
    for (const kind of ['Deployment', 'NetworkPolicy', 'Pod']) {
      assert.equal(kindSchema({ group, version: 'v1', kind }), undefined, `${group} ${kind}`);
    }
  }
});

test('all definitions can be read to their ends', () => {
  for (const name of definitionNames()) assert.ok(definitionSchema(name)!.fields, name);
  assert.equal(definitionSchema('core.v1.Nothing'), undefined);
  assert.equal(definitionSchema('constructor'), undefined);
});

test('the tables of facts name fields there are', () => {
  for (const [definition, fields] of Object.entries(goTypes)) {
    const known = definitionSchema(definition);
    assert.ok(known, definition);
    for (const field of Object.keys(fields)) assert.ok(known.fields.has(field), `${definition}.${field}`);
  }
  for (const [definition, fields] of plainScalars()) {
    const known = definitionSchema(definition);
    assert.ok(known, definition);
    for (const field of fields) {
      const schema = known.fields.get(field);
      assert.ok(schema && !schema.required && schema.schema.kind === 'scalar', `${definition}.${field}`);
    }
  }
});

test('fields tell how they merge', () => {
  const spec = definitionSchema('core.v1.PodSpec')!;
  const containers = spec.fields.get('containers')!;
  assert.equal(containers.required, true);
  assert.equal(containers.mergeKey, 'name');
  assert.deepEqual(containers.patchStrategies, ['merge']);
  assert.ok(containers.schema.kind === 'list' && containers.schema.listType === 'map');
  assert.deepEqual(spec.fields.get('volumes')!.patchStrategies, ['merge', 'retainKeys']);
  const selector = spec.fields.get('nodeSelector')!.schema;
  assert.ok(selector.kind === 'map' && selector.atomic);
  assert.equal(definitionSchema('core.v1.ConfigMapKeySelector')!.atomic, true);
});

const walks: [kind: string, path: (string | number)[], goType: string | undefined][] = [
  ['Pod', ['spec', 'containers'], '[]v1.Container'],
  ['Pod', ['spec', 'containers', 0, 'ports', 0, 'protocol'], 'v1.Protocol'],
  ['Pod', ['metadata', 'labels'], 'map[string]string'],
  ['Pod', ['metadata', 'labels', 'x'], 'string'],
  ['Pod', ['spec', 'containers', 0, 'resources', 'limits'], 'v1.ResourceList'],
  ['Pod', ['spec', 'containers', 0, 'resources', 'limits', 'cpu'], 'resource.Quantity'],
  ['Secret', ['data', 'a'], '[]uint8'],
  ['Pod', ['spec', 'nothing', 'x'], undefined],
];
for (const [kind, path, goType] of walks) {
  test(`${kind} ${formatPath(path)} is of type ${goType}`, () => {
    const schema = path.reduce(schemaAt, kindSchema({ group: '', version: 'v1', kind }));
    assert.equal(schema && goTypeOf(schema), goType);
  });
}

test('descriptions are there for kinds and fields', () => {
  const texts = readDescriptions();
  assert.match(texts['core.v1.Pod']!['']!, /^Pod is a collection of containers/);
  assert.match(texts['core.v1.PodSpec']!.containers!, /^List of containers belonging to the pod\./);
});
