import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/objects.ts';
import { formatApiVersion } from '../../api/objects.ts';
import { builtinResources } from '../../api/resources.ts';
import { kindSchema } from '../../api/schema/definitions.ts';
import type { ScalarType, Schema } from '../../api/schema/schema.ts';
import { decodeProtobuf } from './decode.ts';
import { encodeProtobuf, hasProtobufForm } from './encode.ts';
import { watchFrame } from './watch-frame.ts';

const scalars: Record<ScalarType, unknown> = {
  string: 'grüße',
  int32: 2_147_483_647,
  int64: -3,
  double: 1.5,
  boolean: true,
  bytes: 'AP8=',
  quantity: '1500m',
  intOrString: '25%',
  time: '2031-02-03T04:05:06Z',
  microTime: '2031-02-03T04:05:06.000789Z',
  any: { free: ['form', 1, null] },
};

/** A value with every field set, as deep as the schema goes without repeating itself. */
function full(schema: Schema, above: readonly string[]): unknown {
  switch (schema.kind) {
    case 'scalar':
      return structuredClone(scalars[schema.type]);
    case 'list': {
      const item = full(schema.items, above);
      return item === undefined ? undefined : [item, item];
    }
    case 'map': {
      const value = full(schema.values, above);
      return value === undefined ? undefined : { b: value, a: value };
    }
    case 'struct': {
      if (above.includes(schema.definition)) return undefined;
      const object: Record<string, unknown> = {};
      for (const [name, field] of schema.fields) {
        if (withoutNumber[schema.definition]?.includes(name)) continue;
        const value = full(field.schema, [...above, schema.definition]);
        if (value !== undefined) object[name] = value;
      }
      return object;
    }
  }
}

/** What does not go over the wire, by definition, so that no other field gets lost unseen. */
const withoutNumber: Record<string, readonly string[]> = {
  // Fields of 1.36 whose numbers the message table does not have.
  'apiextensions.v1.CustomResourceDefinitionCondition': ['observedGeneration'],
  'apiextensions.v1.CustomResourceDefinitionStatus': ['observedGeneration'],
  // What the schema leaves open: see the test of schemas.
  'apiextensions.v1.CustomResourceSubresources': ['status'],
  'apiextensions.v1.JSONSchemaProps': ['additionalItems', 'additionalProperties', 'dependencies', 'items'],
  // Go's types are inlined there, and carry no kind of their own.
  'core.v1.PersistentVolumeClaim': ['apiVersion', 'kind'],
};

/** What is missing or different in `decoded`, as paths. */
function differences(sent: unknown, decoded: unknown, path: string, found: string[]): void {
  if (typeof sent !== 'object' || sent === null) {
    if (sent !== decoded) found.push(`${path}: ${JSON.stringify(sent)} became ${JSON.stringify(decoded)}`);
    return;
  }
  if (typeof decoded !== 'object' || decoded === null) {
    found.push(`${path}: lost`);
    return;
  }
  for (const [key, value] of Object.entries(sent)) {
    if (value === null) continue;
    differences(value, (decoded as Record<string, unknown>)[key], `${path}.${key}`, found);
  }
  for (const key of Object.keys(decoded)) if (!Object.hasOwn(sent, key)) found.push(`${path}.${key}: new`);
}

const kinds = builtinResources
  .map(({ group, version, kind }) => ({ group, version, kind, apiVersion: formatApiVersion(group, version) }))
  .filter(({ apiVersion, kind }) => hasProtobufForm(apiVersion, kind));

for (const { apiVersion, ...gvk } of kinds) {
  test(`a full ${apiVersion} ${gvk.kind} comes back equal`, () => {
    const object = full(kindSchema(gvk)!, []) as KubeObject;
    Object.assign(object, { apiVersion, kind: gvk.kind });
    const found: string[] = [];
    differences(object, decodeProtobuf(encodeProtobuf(object)), '', found);
    assert.deepEqual(found, []);
  });
}

test('kinds that have a message', () => {
  const without = builtinResources
    .filter(({ group, version, kind }) => !hasProtobufForm(formatApiVersion(group, version), kind))
    .map(({ kind }) => kind);
  assert.deepEqual(without, []);
  assert.equal(hasProtobufForm('apps/v1', 'Deployment'), true);
  assert.equal(hasProtobufForm('apps.example.com/v1', 'Deployment'), false);
});

test('zeros of pointers, empty values and what JSON leaves open', () => {
  const deployment = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'd', labels: { a: '' }, creationTimestamp: null },
    spec: {
      replicas: 0,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { spec: { containers: [{ name: 'c', resources: {} }] } },
    },
  };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(deployment)), {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'd', labels: { a: '' } },
    spec: {
      replicas: 0,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { spec: { containers: [{ name: 'c' }] } },
    },
  });
});

test('the schema of a definition, in all its forms', () => {
  const schema = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', minimum: 0, maximum: 1.5, default: 0, enum: [0, 'x', null] },
      list: { type: 'array', items: { type: 'string', minLength: 0 }, 'x-kubernetes-list-type': 'set' },
      tuple: { items: [{ type: 'string' }, {}], additionalItems: false },
      free: { type: 'object', additionalProperties: true },
      map: { type: 'object', additionalProperties: {} },
      more: {
        $ref: '#/definitions/a',
        $schema: 'http://json-schema.org/schema#',
        definitions: { a: { not: { type: 'null' } } },
        dependencies: { a: ['b', 'c'], d: { type: 'object' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
        'x-kubernetes-preserve-unknown-fields': true,
        'x-kubernetes-int-or-string': true,
      },
    },
    'x-kubernetes-validations': [{ rule: 'true', reason: 'FieldValueInvalid', optionalOldSelf: false }],
  };
  const definition = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: false,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.a' } },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          selectableFields: [{ jsonPath: '.spec.size' }],
        },
      ],
    },
  };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(definition)), definition);
});

test('an object and the frame of its event, byte for byte as Go reads them', () => {
  const object = encodeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' } });
  // k8s\0, TypeMeta {v1, ConfigMap}, raw {metadata {name}}, empty content encoding and type.
  assert.equal(
    object.toString('hex'),
    '6b387300' +
      '0a0f' +
      '0a027631' +
      '1209436f6e6669674d6170' +
      '1205' +
      '0a03' +
      '0a0163' +
      '1a00' +
      '2200',
  );
  const frame = watchFrame('ADDED', object);
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  const inner = Buffer.concat([Buffer.from([0x0a, object.length]), object]);
  const event = Buffer.concat([
    Buffer.from([0x0a, 5]),
    Buffer.from('ADDED'),
    Buffer.from([0x12, inner.length]),
    inner,
  ]);
  assert.deepEqual(frame.subarray(4), event);
});

test('texts of any length and alphabet come back, those written before a longer one too', () => {
  const texts = [
    '',
    'a',
    'ß',
    '€𝄞',
    'x'.repeat(64),
    `${'x'.repeat(63)}ä`,
    'y'.repeat(65),
    'ü'.repeat(500_000),
  ];
  const data = Object.fromEntries(texts.map((text, at) => [`key-${at}`, text]));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'texts' }, data };
  assert.deepEqual((decodeProtobuf(encodeProtobuf(object)) as typeof object).data, data);
  const small = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'small' }, data: { a: 'b' } };
  assert.deepEqual((decodeProtobuf(encodeProtobuf(small)) as typeof small).data, small.data);
});

test('times are read as the standard says', () => {
  const times: [written: string, read: string][] = [
    ['2026-11-28T19:40:08Z', '2026-11-28T19:40:08Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59Z'],
    ['0099-01-02T03:04:05Z', '0099-01-02T03:04:05Z'],
    ['2026-11-28T19:40:08+02:00', '2026-11-28T17:40:08Z'],
    ['2026-11-28T19:40:08.5Z', '2026-11-28T19:40:08Z'],
  ];
  for (const [written, read] of times) {
    const metadata = { name: 'm', creationTimestamp: written };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    const back = decodeProtobuf(encodeProtobuf(object)) as typeof object;
    assert.equal(back.metadata.creationTimestamp, read);
  }
});
