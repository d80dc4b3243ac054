/** Custom kinds in the OpenAPI documents: the schema of their definition, completed as upstream does. */
import { isObject, type JsonObject } from '../../api/json.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { type DefinitionWriter, referenceTo, type Version } from './definitions.ts';
import type { Document } from './named-values.ts';
import { customName } from './names.ts';

/** A version of a custom resource definition that is served. */
export interface CustomKind {
  resource: ResourceInfo;
  /** `spec.versions[].schema.openAPIV3Schema` */
  schema?: JsonObject;
  /** Default: the kind and `List`. */
  listKind?: string;
}

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Writes the kind and its list. */
export function addCustomKind(
  writer: DefinitionWriter,
  version: Version,
  { resource, schema, listKind = `${resource.kind}List` }: CustomKind,
): void {
  const { group, version: apiVersion, kind } = resource;
  const name = customName(resource, kind);
  const reference = (definition: string): Document => {
    const target = referenceTo(version, writer.add(definition));
    return version === 'v3' ? { allOf: [target] } : target;
  };
  const kinds = { 'x-kubernetes-group-version-kind': [{ group, kind, version: apiVersion }] };
  if (!schema || (version === 'v2' && schema['x-kubernetes-preserve-unknown-fields'] === true)) {
    // Were there any property, kubectl would take it that there are no others.
    writer.put(name, { type: 'object', ...kinds });
  } else {
    const own = version === 'v2' ? withoutV3Words(schema) : schema;
    writer.put(name, {
      ...own,
      type: 'object',
      properties: {
        ...(isObject(own.properties) ? own.properties : {}),
        ...typeMeta(writer),
        metadata: {
          ...reference('meta.v1.ObjectMeta'),
          description: `Standard object's metadata. More info: ${conventions}#metadata`,
        },
      },
      ...kinds,
    });
  }
  const item = referenceTo(version, name);
  writer.put(customName(resource, listKind), {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta(writer),
      items: {
        description: `List of ${resource.plural}. More info: ${conventions}`,
        type: 'array',
        items: version === 'v3' ? { allOf: [item] } : item,
      },
      metadata: {
        ...reference('meta.v1.ListMeta'),
        description: `Standard list metadata. More info: ${conventions}#types-kinds`,
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version: apiVersion }],
  });
}

/** What all kinds say of them. */
function typeMeta(writer: DefinitionWriter): Document {
  const fields = ['apiVersion', 'kind'].map(name => {
    return [name, { description: writer.description('core.v1.Pod', name), type: 'string' }];
  });
  return Object.fromEntries(fields);
}

const notInV2 = new Set([
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'nullable',
  'default',
  'x-kubernetes-validations',
]);

/** Version 2 of OpenAPI has no alternatives; upstream leaves out what it cannot say. */
function withoutV3Words(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (notInV2.has(key)) continue;
    if (key === 'properties' && isObject(value)) {
      const members = Object.entries(value).map(([name, member]) => [name, v2Schema(member)]);
      result.properties = Object.fromEntries(members);
    } else if (key === 'items' || key === 'additionalProperties') result[key] = v2Schema(value);
    else result[key] = value;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) {
    for (const key of ['properties', 'items', 'required']) delete result[key];
  }
  if (schema['x-kubernetes-int-or-string'] === true) delete result.type;
  return result;
}

function v2Schema(value: unknown): unknown {
  return isObject(value) ? withoutV3Words(value) : value;
}
