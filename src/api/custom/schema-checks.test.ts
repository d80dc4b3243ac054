import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JSONSchemaProps } from '../generated/types.ts';
import { FieldPath } from '../kinds/field-path.ts';
import { Findings } from '../kinds/findings.ts';
import { checkSchema } from './schema-checks.ts';

function complaints(spec: JSONSchemaProps, rest: JSONSchemaProps = {}): string[] {
  const out = new Findings();
  checkSchema({ type: 'object', properties: { spec }, ...rest }, new FieldPath('schema'), out);
  return out.list.map(
    ({ field, message }) => `${field.replace('schema.properties[spec]', 'spec')}: ${message}`,
  );
}

const text: JSONSchemaProps = { type: 'string' };
const quantity =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const accepted: Record<string, JSONSchemaProps> = {
  'int or string as controller-gen writes it': {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern: quantity,
    'x-kubernetes-int-or-string': true,
  },
  'int or string with more': {
    allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }],
    'x-kubernetes-int-or-string': true,
  },
  'alternatives of declared fields': {
    type: 'object',
    properties: { a: text, b: text },
    oneOf: [{ required: ['a'] }, { required: ['b'], properties: { b: { pattern: '^x' } } }],
  },
  'a list of type map': {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: { type: 'object', required: ['type'], properties: { type: text } },
  },
  'a map': { type: 'object', additionalProperties: text, maxProperties: 8 },
  'an embedded resource': {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  },
  'defaults in defaults': { type: 'object', default: {}, properties: { a: { type: 'integer', default: 3 } } },
  'a rule': {
    type: 'object',
    properties: { a: { type: 'integer' } },
    'x-kubernetes-validations': [{ rule: 'self.a > 0', message: 'a must be positive', fieldPath: '.a' }],
  },
  'a transition rule in a list of type map': {
    type: 'array',
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      type: 'object',
      required: ['type'],
      properties: { type: { type: 'string', maxLength: 16 } },
      'x-kubernetes-validations': [{ rule: 'self.type == oldSelf.type' }],
    },
  },
};

for (const [name, schema] of Object.entries(accepted)) {
  test(`taken: ${name}`, () => assert.deepEqual(complaints(schema), []));
}

const refused: [schema: JSONSchemaProps, expected: string[]][] = [
  [{}, ['spec.type: Required value: must not be empty for specified object fields']],
  [{ type: 'array' }, ['spec.items: Required value: must be specified']],
  [
    { type: 'array', items: {} },
    ['spec.items.type: Required value: must not be empty for specified array items'],
  ],
  [
    { type: 'text' },
    [
      'spec.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
  ],
  [
    { type: 'array', uniqueItems: true, items: text },
    [
      'spec.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ],
  ],
  [
    { type: 'object', properties: { a: text }, additionalProperties: text },
    ['spec.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive'],
  ],
  [
    { type: 'object', anyOf: [{ properties: { a: { type: 'string' } } }] },
    [
      'spec.properties[a]: Required value: because it is defined in spec.anyOf[0].properties[a]',
      'spec.anyOf[0].properties[a].type: Forbidden: must be empty to be structural',
    ],
  ],
  [{ ...text, $ref: '#/definitions/x' }, ['spec.$ref: Forbidden: $ref is not supported']],
  [
    { ...text, pattern: '(' },
    [
      'spec.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
    ],
  ],
  [
    { type: 'integer', default: 'x' },
    ['spec.default: Invalid value: "string":  in body must be of type integer: "string"'],
  ],
  [
    { type: 'object', default: { a: 1 }, properties: { b: text } },
    ['spec.default: Invalid value: {"a":1}: must not have unknown fields'],
  ],
  [
    { type: 'array', items: text, 'x-kubernetes-list-type': 'bag' },
    ['spec.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "map", "set"'],
  ],
  [
    { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
    ['spec.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map'],
  ],
  [
    { ...text, 'x-kubernetes-preserve-unknown-fields': true },
    ['spec.type: Invalid value: "string": must be object if x-kubernetes-preserve-unknown-fields is true'],
  ],
  [
    {
      type: 'array',
      items: { ...text, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }], maxLength: 4 },
      maxItems: 4,
    },
    [
      'spec.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec',
    ],
  ],
  [
    { type: 'object', 'x-kubernetes-validations': [{ rule: ' ' }] },
    ['spec.x-kubernetes-validations[0].rule: Required value: rule is not specified'],
  ],
];

for (const [schema, expected] of refused) {
  test(`refused: ${JSON.stringify(schema)}`, () => {
    const found = complaints(schema).map(text => text.replaceAll('schema.properties[spec]', 'spec'));
    assert.deepEqual(found, expected);
  });
}

test('a rule that may run over and over is refused', () => {
  const inner = { type: 'array', items: { type: 'array', items: text } };
  const rule = { rule: 'self.all(a, a.all(b, b.matches("x+")))' };
  const [found] = complaints({ type: 'array', items: { ...inner, 'x-kubernetes-validations': [rule] } });
  assert.match(found ?? '', /estimated rule cost exceeds budget by factor of more than 100x/);
});

test('metadata may have its names restricted and nothing else', () => {
  const out = new Findings();
  const metadata = (properties: Record<string, JSONSchemaProps>) => ({ type: 'object', properties });
  checkSchema(
    { type: 'object', properties: { metadata: metadata({ name: { type: 'string', maxLength: 5 } }) } },
    new FieldPath('schema'),
    out,
  );
  assert.ok(out.empty);
  checkSchema(
    { type: 'object', properties: { metadata: metadata({ labels: { type: 'object' } }) } },
    new FieldPath('schema'),
    out,
  );
  assert.match(out.list[0]!.message, /must not specify anything other than name and generateName/);
});
