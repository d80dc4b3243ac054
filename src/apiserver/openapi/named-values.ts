/** Values that are no structs but have a definition of their own in the documents. */
import type { ScalarType } from '../../api/schema/schema.ts';

export type Document = Record<string, unknown>;

interface NamedValue {
  v2: Document;
  v3: Document;
}

const same = (document: Document): NamedValue => ({ v2: document, v3: document });
const object = (description: string) => same({ description, type: 'object' });
const anything = (description: string) => same({ description });

const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

export const namedValues: Readonly<Record<string, NamedValue>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    v2: { description: 'An exact amount with a suffix: 500m, 1Gi, 12e6.', type: 'string' },
    v3: {
      description: 'An exact amount with a suffix: 500m, 1Gi, 12e6.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    v2: { description: 'A number or a text.', format: 'int-or-string', type: 'string' },
    v3: {
      description: 'A number or a text.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': same({
    description: 'A time in RFC 3339, to the second.',
    format: 'date-time',
    type: 'string',
  }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': same({
    description: 'A time in RFC 3339, to the microsecond.',
    format: 'date-time',
    type: 'string',
  }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': object(
    'A set of fields, each a member named by its path.',
  ),
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': object('The body of a patch request.'),
  'io.k8s.apimachinery.pkg.runtime.RawExtension': object('An object of any kind.'),
  [`${extensions}.JSON`]: anything('Any JSON value.'),
  [`${extensions}.JSONSchemaPropsOrArray`]: anything('A schema or a list of schemas.'),
  [`${extensions}.JSONSchemaPropsOrBool`]: anything('A schema or a boolean.'),
  [`${extensions}.JSONSchemaPropsOrStringArray`]: anything('A schema or a list of names.'),
  [`${extensions}.CustomResourceSubresourceStatus`]: object('How the status subresource is served.'),
};

const byType: Partial<Record<ScalarType, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
};

/** What the fields are called that take any JSON. */
const anyFields: Readonly<Record<string, string>> = {
  'meta.v1.ManagedFieldsEntry.fieldsV1': 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'apiextensions.v1.CustomResourceSubresources.status': `${extensions}.CustomResourceSubresourceStatus`,
  'apiextensions.v1.JSONSchemaProps.additionalItems': `${extensions}.JSONSchemaPropsOrBool`,
  'apiextensions.v1.JSONSchemaProps.additionalProperties': `${extensions}.JSONSchemaPropsOrBool`,
  'apiextensions.v1.JSONSchemaProps.default': `${extensions}.JSON`,
  'apiextensions.v1.JSONSchemaProps.dependencies': `${extensions}.JSONSchemaPropsOrStringArray`,
  'apiextensions.v1.JSONSchemaProps.enum': `${extensions}.JSON`,
  'apiextensions.v1.JSONSchemaProps.example': `${extensions}.JSON`,
  'apiextensions.v1.JSONSchemaProps.items': `${extensions}.JSONSchemaPropsOrArray`,
};

/** The definition a scalar refers to; undefined where it is written out. */
export function namedValueOf(type: ScalarType, definition: string, field: string): string | undefined {
  if (type !== 'any') return byType[type];
  return anyFields[`${definition}.${field}`] ?? 'io.k8s.apimachinery.pkg.runtime.RawExtension';
}
