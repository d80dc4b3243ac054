import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { builtinResources } from '../../api/resources.ts';
import { openApiHash, openApiV2, openApiV3, openApiV3Index, openApiV3Paths } from './openapi.ts';
import { encodeOpenApiV2 } from './v2-protobuf.ts';

const surface = { resources: builtinResources };
const v2 = openApiV2(surface) as Record<string, JsonObject>;

/** Every `$ref` in a document. */
function references(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') found.add(member);
    else references(member, found);
  }
  return found;
}

test('every reference of version 2 leads to a definition', () => {
  for (const reference of references(v2)) {
    assert.ok(reference.replace('#/definitions/', '') in v2.definitions!, reference);
  }
});

test('each document of version 3 is whole by itself', () => {
  for (const path of openApiV3Paths(surface)) {
    const document = openApiV3(path, surface) as { components: { schemas: object } };
    for (const reference of references(document)) {
      assert.ok(
        reference.replace('#/components/schemas/', '') in document.components.schemas,
        `${path}: ${reference}`,
      );
    }
  }
});

type Schemas = Record<string, JsonObject>;

/** The schema a property leads to, through references and what stands beside them. */
function resolved(schema: JsonObject, schemas: Schemas): JsonObject {
  const [all] = (schema.allOf as JsonObject[] | undefined) ?? [];
  const reference = (schema.$ref ?? all?.$ref) as string | undefined;
  if (reference === undefined) return schema;
  const { $ref: _, allOf: __, ...beside } = schema;
  return { ...schemas[reference.replace('#/components/schemas/', '')]!, ...beside };
}

/** Says of every field below `name` what an explanation of it lacks. */
function unexplained(name: string, schemas: Schemas, seen: Set<string>): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const properties = (schemas[name]!.properties ?? {}) as Schemas;
  return Object.entries(properties).flatMap(([field, property]) => {
    const found = resolved(property, schemas);
    const typed = ['type', 'oneOf', 'properties'].some(word => word in found) || anything.test(field);
    const lacks = [...(typed ? [] : ['type']), ...(found.description ? [] : ['description'])];
    const below = [...references(property)].flatMap(reference =>
      unexplained(reference.replace('#/components/schemas/', ''), schemas, seen),
    );
    return [...lacks.map(word => `${name.split('.').at(-1)}.${field}: no ${word}`), ...below];
  });
}

/** Fields that take any JSON, in definitions of custom resources. */
const anything = /^(additional(Items|Properties)|items|default|example)$/;
/** Upstream tells nothing of them either. */
const undescribed = /^(JSONSchemaProps|ExternalDocumentation)\..*: no description$/;

for (const resource of builtinResources) {
  const { group, version, kind } = resource;
  test(`every field of ${group}/${version} ${kind} is explained`, () => {
    const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
    const document = openApiV3(path, surface) as { components: { schemas: Schemas } };
    const { schemas } = document.components;
    const name = Object.keys(schemas).find(each =>
      ((schemas[each]!['x-kubernetes-group-version-kind'] ?? []) as JsonObject[]).some(
        gvk => gvk.group === group && gvk.version === version && gvk.kind === kind,
      ),
    );
    assert.ok(name);
    assert.ok(schemas[name]!.description);
    const seen = new Set<string>();
    const found = unexplained(name, schemas, seen).filter(text => !undescribed.test(text));
    assert.deepEqual(found, []);
    assert.ok(seen.size > 1, 'the fields of the kind have fields');
  });
}

test('operation ids are unique', () => {
  const ids = Object.values(v2.paths!).flatMap(item =>
    Object.values(item as object).map(operation => (operation as JsonObject).operationId),
  );
  const named = ids.filter(id => typeof id === 'string');
  assert.equal(new Set(named).size, named.length);
  assert.ok(named.includes('connectCoreV1GetNamespacedPodExec'));
});

test('a definition tells types, merge keys and kinds', () => {
  const spec = v2.definitions!['io.k8s.api.core.v1.PodSpec'] as { properties: Record<string, JsonObject> };
  const { description, ...containers } = spec.properties.containers!;
  assert.match(String(description), /^List of containers/);
  assert.deepEqual(containers, {
    type: 'array',
    items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  const pod = v2.definitions!['io.k8s.api.core.v1.Pod'] as JsonObject;
  assert.deepEqual(pod['x-kubernetes-group-version-kind'], [{ group: '', kind: 'Pod', version: 'v1' }]);
});

test('a patch takes what kubectl looks for', () => {
  const core = openApiV3('api/v1', surface) as { paths: Record<string, { patch: JsonObject }> };
  const { patch } = core.paths['/api/v1/namespaces/{namespace}/pods/{name}']!;
  const names = (patch.parameters as { name: string }[]).map(parameter => parameter.name);
  assert.deepEqual(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  assert.deepEqual(Object.keys((patch.requestBody as { content: object }).content), [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ]);
});

test('hashes change with what is served', () => {
  const index = openApiV3Index(surface) as { paths: Record<string, { serverRelativeURL: string }> };
  assert.match(
    index.paths['apis/apps/v1']!.serverRelativeURL,
    /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/,
  );
  assert.notEqual(openApiHash(surface), openApiHash({ resources: builtinResources.slice(1) }));
  assert.equal(openApiV3('apis/nothing/v1', surface), undefined);
});

test('the protobuf form begins with the version and the title', () => {
  const bytes = encodeOpenApiV2(v2);
  const start = Buffer.from('\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.36.0', 'latin1');
  assert.deepEqual(bytes.subarray(0, start.length), start);
});
