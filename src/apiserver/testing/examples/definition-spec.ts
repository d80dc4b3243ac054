import { certificate } from './group-values.ts';

const text = { type: 'string' };
const number = {
  type: 'integer',
  format: 'int32',
  minimum: -1,
  maximum: 10,
  exclusiveMaximum: true,
  exclusiveMinimum: true,
  multipleOf: 2,
};

/** A schema with what structural schemas have. */
const schema = {
  type: 'object',
  description: 'An example.',
  required: ['spec'],
  'x-kubernetes-validations': [
    {
      rule: 'oldSelf.hasValue() || self.spec.count < 9',
      message: 'too many',
      messageExpression: "'too many: ' + string(self.spec.count)",
      reason: 'FieldValueForbidden',
      fieldPath: '.spec.count',
      optionalOldSelf: true,
    },
  ],
  properties: {
    spec: {
      type: 'object',
      title: 'Specification',
      externalDocs: { description: 'More.', url: 'https://example.com/docs' },
      maxProperties: 40,
      minProperties: 1,
      oneOf: [{ required: ['name'] }, { not: { required: ['name'] } }],
      anyOf: [{ properties: { count: { minimum: 0 } } }],
      allOf: [{ properties: { name: { pattern: '^[a-z]+$' } } }],
      'x-kubernetes-map-type': 'granular',
      properties: {
        name: { ...text, maxLength: 10, minLength: 1, pattern: '^[a-z]*$', default: 'abc', example: 'abcd' },
        count: { ...number, default: 4, nullable: true },
        mode: { ...text, enum: ['A', 'B'] },
        port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
        map: { type: 'object', additionalProperties: { type: 'number', format: 'double' } },
        set: { type: 'array', items: text, maxItems: 5, minItems: 0, 'x-kubernetes-list-type': 'set' },
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['key'],
          maxItems: 5,
          items: { type: 'object', required: ['key'], properties: { key: text } },
        },
      },
    },
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, selector: text },
    },
  },
};

const version = {
  served: true,
  schema: { openAPIV3Schema: schema },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.count',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  selectableFields: [{ jsonPath: '.spec.mode' }],
  additionalPrinterColumns: [
    {
      name: 'Mode',
      type: 'string',
      format: 'byte',
      description: 'The mode.',
      priority: 1,
      jsonPath: '.spec.mode',
    },
  ],
};

/** The specification of a full custom resource definition: there is more between its fields than a table can say. */
export const definitionSpec = {
  group: 'example.com',
  scope: 'Namespaced',
  names: {
    plural: 'examples',
    singular: 'example',
    kind: 'Example',
    listKind: 'ExampleList',
    shortNames: ['exa'],
    categories: ['all'],
  },
  versions: [
    { ...version, name: 'v1', storage: true },
    { ...version, name: 'v1beta1', storage: false, deprecated: true, deprecationWarning: 'use v1' },
  ],
  conversion: {
    strategy: 'Webhook',
    webhook: {
      clientConfig: {
        caBundle: certificate,
        service: { namespace: 'default', name: 'example', path: '/convert', port: 8443 },
      },
      conversionReviewVersions: ['v1'],
    },
  },
};
