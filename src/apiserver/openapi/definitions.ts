/** The definitions of the OpenAPI documents, from the schemas of the built-in kinds. */

import type { GroupVersionKind } from '../../api/objects.ts';
import {
  definitionNames,
  definitionOfKind,
  definitionSchema,
  unionsOf,
} from '../../api/schema/definitions.ts';
import type { FieldSchema, ScalarType, Schema, StructSchema } from '../../api/schema/schema.ts';
import { type Document, namedValueOf, namedValues } from './named-values.ts';
import { documentName } from './names.ts';

/** The two versions write references and references with a description differently. */
export type Version = 'v2' | 'v3';

export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const roots: Record<Version, string> = { v2: '#/definitions/', v3: '#/components/schemas/' };

export function referenceTo(version: Version, name: string): Document {
  return { $ref: roots[version] + name };
}

const scalars: Partial<Record<ScalarType, Document>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

/** Writes definitions, and notes which others they refer to. */
export class DefinitionWriter {
  readonly #version: Version;
  readonly #descriptions: Descriptions;
  readonly #kinds: ReadonlyMap<string, GroupVersionKind[]>;
  readonly #written = new Map<string, Document>();

  constructor(version: Version, descriptions: Descriptions, kinds: ReadonlyMap<string, GroupVersionKind[]>) {
    this.#version = version;
    this.#descriptions = descriptions;
    this.#kinds = kinds;
  }

  /** What was written so far, by name, sorted. */
  get documents(): Document {
    const names = [...this.#written.keys()].sort();
    return Object.fromEntries(names.map(name => [name, this.#written.get(name)]));
  }

  addAll(): void {
    for (const definition of definitionNames()) this.add(definition);
  }

  /** Writes a definition and all it refers to; returns its name in the document. */
  add(definition: string): string {
    const name = documentName(definition);
    if (this.#written.has(name)) return name;
    const schema = definitionSchema(definition);
    if (!schema) throw new Error(`no definition ${definition}`);
    this.#written.set(name, {});
    this.#written.set(name, this.#struct(definition, schema));
    return name;
  }

  /** Of a field; of the definition itself where none is named. */
  description(definition: string, field = ''): string | undefined {
    return this.#descriptions[definition]?.[field];
  }

  /** Adds a definition made elsewhere. */
  put(name: string, document: Document): void {
    this.#written.set(name, document);
  }

  addValue(name: string): string {
    const value = namedValues[name];
    if (value && !this.#written.has(name)) this.#written.set(name, value[this.#version]);
    return name;
  }

  #struct(definition: string, schema: StructSchema): Document {
    const texts = this.#descriptions[definition] ?? {};
    const properties: Document = {};
    for (const field of schema.fields.values()) {
      properties[field.name] = this.#property(definition, field, texts[field.name]);
    }
    const kinds = this.#kinds.get(definition);
    const unions = unionsOf(definition);
    return {
      ...(texts[''] && { description: texts[''] }),
      type: 'object',
      ...(schema.required.length > 0 && { required: schema.required }),
      ...(schema.fields.size > 0 && { properties }),
      ...(kinds && { 'x-kubernetes-group-version-kind': kinds }),
      ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      ...(unions && { 'x-kubernetes-unions': unions }),
    };
  }

  #property(definition: string, field: FieldSchema, description: string | undefined): Document {
    const type = this.#type(definition, field.name, field.schema);
    const described = this.#described(type, description ?? this.#typeDescription(field.schema));
    // Upstream says nothing of how the items of an API's lists merge: nobody patches them.
    if (definition.endsWith('List') && field.name === 'items') return described;
    return { ...described, ...this.#extensions(field) };
  }

  /** The package tells no description of fields that are structs; that of the struct stands in. */
  #typeDescription(schema: Schema): string | undefined {
    return schema.kind === 'struct' ? this.#descriptions[schema.definition]?.[''] : undefined;
  }

  /** In version 3 nothing may stand beside a reference. */
  #described(type: Document, description: string | undefined): Document {
    if (!('$ref' in type)) return { ...(description && { description }), ...type };
    if (this.#version === 'v2') return { ...type, ...(description && { description }) };
    return { allOf: [type], ...(description && { description }) };
  }

  #type(definition: string, field: string, schema: Schema): Document {
    switch (schema.kind) {
      case 'struct':
        return referenceTo(this.#version, this.add(schema.definition));
      case 'list':
        return { type: 'array', items: this.#nested(this.#type(definition, field, schema.items)) };
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.#nested(this.#type(definition, field, schema.values)),
        };
      case 'scalar': {
        const written = scalars[schema.type];
        if (written) return written;
        const name = namedValueOf(schema.type, definition, field);
        return name ? referenceTo(this.#version, this.addValue(name)) : {};
      }
    }
  }

  #nested(type: Document): Document {
    return this.#version === 'v3' && '$ref' in type ? { allOf: [type] } : type;
  }

  #extensions({ schema, patchStrategies, mergeKey }: FieldSchema): Document {
    const extensions: Document = {};
    if (schema.kind === 'list') {
      if (schema.listType === 'map') extensions['x-kubernetes-list-map-keys'] = schema.keys;
      extensions['x-kubernetes-list-type'] = schema.listType;
    }
    if (schema.kind === 'map' && schema.atomic) extensions['x-kubernetes-map-type'] = 'atomic';
    if (schema.kind === 'struct' && !schema.atomic && definitionSchema(schema.definition)?.atomic) {
      extensions['x-kubernetes-map-type'] = 'granular';
    }
    if (mergeKey !== undefined) extensions['x-kubernetes-patch-merge-key'] = mergeKey;
    if (patchStrategies.length > 0) extensions['x-kubernetes-patch-strategy'] = patchStrategies.join(',');
    return extensions;
  }
}

/** Which kinds the definitions are, for `x-kubernetes-group-version-kind`. */
export function kindsByDefinition(kinds: Iterable<GroupVersionKind>): Map<string, GroupVersionKind[]> {
  const found = new Map<string, GroupVersionKind[]>();
  for (const { group, version, kind } of kinds) {
    const definition = definitionOfKind({ group, version, kind });
    const known = found.get(definition) ?? [];
    if (!known.some(each => each.group === group && each.version === version && each.kind === kind)) {
      known.push({ group, kind, version });
    }
    found.set(definition, known);
  }
  return found;
}
