import type { JsonObject } from '../../../api/json.ts';
import { formatApiVersion, type KubeObject } from '../../../api/objects.ts';
import type { ResourceInfo } from '../../../api/resources.ts';
import { kindSchema } from '../../../api/schema/definitions.ts';
import type { ScalarType, Schema, StructSchema } from '../../../api/schema/schema.ts';
import { adjustments } from './adjustments.ts';
import { coreValues } from './core-values.ts';
import { exampleLabels, type Fields, nameValues } from './fields.ts';
import { groupValues } from './group-values.ts';
import { hardExamples } from './hard-examples.ts';
import { variants } from './variants.ts';

const scalars: Readonly<Record<ScalarType, unknown>> = {
  string: 'text',
  int32: 1,
  int64: 2,
  double: 1.5,
  boolean: true,
  bytes: 'AP8=',
  quantity: '1500m',
  intOrString: '25%',
  time: '2031-02-03T04:05:06Z',
  microTime: '2031-02-03T04:05:06.000789Z',
  any: { free: ['form', 1] },
};

/** What only the server writes, and the kind where objects lie in others. */
const metadata: Fields = {
  labels: { ...exampleLabels, 'example.com/long.name': '' },
  annotations: { 'example.com/note': 'ä "quoted" text\nin two lines' },
};

const freeNames = ['example', 'hard'];

/**
 * Objects with every field of their kind: all that can be set at once, an item for each alternative where a list's
 * items have some, and more objects where single fields have. They are made from the schema, with the tables of this
 * folder for what validation asks beyond types.
 */
export function fullExamples(resource: ResourceInfo): KubeObject[] {
  const first = new Example(new Map());
  const examples = [objectOf(resource, first)];
  while (examples.length < first.rounds) {
    examples.push(objectOf(resource, new Example(first.turnsAfter(examples.length))));
  }
  const { apiVersion, kind } = examples[0]!;
  for (const body of hardExamples[`${apiVersion}/${kind}`] ?? []) {
    examples.push({ apiVersion, kind, metadata: { name: 'hard' }, ...structuredClone(body) });
  }
  for (const [at, { metadata }] of examples.entries()) {
    // Names that say what the object is stay.
    if (at > 0 && freeNames.includes(metadata!.name!)) metadata!.name += `-${at}`;
  }
  return examples;
}

/** The status of a kind with every field; undefined where it has none. */
export function fullStatus(resource: ResourceInfo): JsonObject | undefined {
  const status = kindSchema(resource)?.fields.get('status')?.schema;
  if (status?.kind !== 'struct') return undefined;
  return new Example(new Map()).struct(status, []);
}

function objectOf(resource: ResourceInfo, example: Example): KubeObject {
  const schema = kindSchema(resource);
  if (!schema) throw new Error(`no schema for ${resource.kind}`);
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...body } = example.struct(schema, []);
  const object = {
    apiVersion: formatApiVersion(resource.group, resource.version),
    kind: resource.kind,
    metadata: { name: 'example', ...structuredClone(metadata) },
    ...body,
  };
  adjustments[`${object.apiVersion}/${object.kind}`]?.(object);
  return object;
}

/** One example under way: the alternatives of single fields take turns. */
class Example {
  readonly #turns: Map<string, number>;

  constructor(turns: Map<string, number>) {
    this.#turns = turns;
  }

  /** How many examples it takes until each alternative had its turn. */
  get rounds(): number {
    const rounds = [...this.#turns].map(([definition, taken]) =>
      Math.ceil(variants[definition]!.length / taken),
    );
    return Math.max(1, ...rounds);
  }

  /** The turns taken when this example has been made so many times. */
  turnsAfter(times: number): Map<string, number> {
    return new Map([...this.#turns].map(([definition, taken]) => [definition, taken * times]));
  }

  struct(schema: StructSchema, above: readonly string[], variant?: Fields): JsonObject {
    const { definition } = schema;
    if (definition === 'meta.v1.ObjectMeta') return structuredClone(metadata) as JsonObject;
    const chosen = {
      ...(coreValues[definition] ?? groupValues[definition]),
      ...(variant ?? this.#turn(definition)),
    };
    const object: JsonObject = {};
    for (const [name, field] of schema.fields) {
      const value = Object.hasOwn(chosen, name)
        ? structuredClone(chosen[name])
        : this.#value(field.schema, [...above, definition], name);
      if (value !== undefined) object[name] = value as JsonObject[string];
    }
    return object;
  }

  #value(schema: Schema, above: readonly string[], name: string): unknown {
    switch (schema.kind) {
      case 'scalar':
        return (
          (schema.type === 'string' ? nameValues[name] : undefined) ?? structuredClone(scalars[schema.type])
        );
      case 'map':
        return { one: this.#value(schema.values, above, name) };
      case 'list':
        return this.#items(schema.items, above, name);
      case 'struct':
        return above.includes(schema.definition) ? undefined : this.struct(schema, above);
    }
  }

  #items(schema: Schema, above: readonly string[], name: string): unknown[] | undefined {
    const all = schema.kind === 'struct' ? variants[schema.definition] : undefined;
    if (all) return all.map(variant => this.struct(schema as StructSchema, above, variant));
    const item = this.#value(schema, above, name);
    return item === undefined ? undefined : [item];
  }

  #turn(definition: string): Fields {
    const all = variants[definition];
    if (!all) return {};
    const turn = this.#turns.get(definition) ?? 0;
    this.#turns.set(definition, turn + 1);
    return all[turn % all.length]!;
  }
}
