import type { JsonObject } from '../json.ts';
import type { FieldSchema, ListSchema, ScalarType, Schema, StructSchema } from '../schema/schema.ts';

/** Numbers that are the same in every run: mulberry32. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to and without `below`. */
  integer(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  chance(percent: number): boolean {
    return this.integer(100) < percent;
  }
}

const words = ['a', 'b', 'c', 'd', 'e'];

const scalars: Record<ScalarType, (random: SeededRandom) => unknown> = {
  string: random => words[random.integer(words.length)],
  int32: random => 1 + random.integer(5),
  int64: random => 1 + random.integer(5),
  double: random => 0.5 + random.integer(5),
  boolean: () => true,
  bytes: () => 'AP8=',
  quantity: random => `${1 + random.integer(5)}`,
  intOrString: random => 1 + random.integer(5),
  time: () => '2031-02-03T04:05:06Z',
  microTime: () => '2031-02-03T04:05:06.000789Z',
  any: random => ({ free: random.integer(3) }),
};

/** A value that fits the schema, with some of its fields; lists whose items have keys or are sets have no doubles. */
export function randomValue(random: SeededRandom, schema: Schema, field?: FieldSchema, depth = 0): unknown {
  switch (schema.kind) {
    case 'scalar':
      return scalars[schema.type](random);
    case 'map': {
      const keys = words.filter(() => random.chance(40));
      return Object.fromEntries(
        keys.map(key => [key, randomValue(random, schema.values, undefined, depth + 1)]),
      );
    }
    case 'list':
      return randomList(random, schema, field, depth);
    case 'struct':
      return randomStruct(random, schema, depth);
  }
}

export function randomStruct(random: SeededRandom, schema: StructSchema, depth = 0): JsonObject {
  const object: JsonObject = {};
  for (const [name, field] of schema.fields) {
    const wanted = field.required || random.chance(depth === 0 ? 80 : 35 - depth * 4);
    if (!wanted || depth > 7) continue;
    object[name] = randomValue(random, field.schema, field, depth + 1);
  }
  return object;
}

function randomList(random: SeededRandom, schema: ListSchema, field: FieldSchema | undefined, depth: number) {
  const items: unknown[] = [];
  const keys = [...schema.keys, ...(field?.mergeKey ? [field.mergeKey] : [])];
  const seen = new Set<string>();
  for (let count = random.integer(4); count > 0; count--) {
    const item = randomValue(random, schema.items, undefined, depth + 1);
    if (keys.length > 0 && schema.items.kind === 'struct') {
      for (const key of keys) {
        const of = schema.items.fields.get(key);
        if (of) (item as JsonObject)[key] = randomValue(random, of.schema);
      }
    }
    // An item must differ from the others in each of its keys: the two kinds of merging take one each.
    const marks =
      keys.length > 0 ? keys.map(key => `${key}=${(item as JsonObject)[key]}`) : [JSON.stringify(item)];
    if (marks.some(mark => seen.has(mark))) continue;
    for (const mark of marks) seen.add(mark);
    items.push(item);
  }
  return items;
}
