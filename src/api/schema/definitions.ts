/**
 * The generated definitions (`generated/schema.json`), read when first asked for and turned into schemas one
 * definition at a time.
 *
 * A definition in the file: `p` properties, each `<type>|<fact>|…`; `r` the required ones; `atomic`; `unions`.
 * Types: `s` string, `i` int32, `l` int64, `d` double, `b` boolean, `y` bytes, `q` quantity, `x` int or string,
 * `t` time, `m` micro time, `a` anything, `@name` another definition, `[]…` a list, `{}…` a map.
 * Facts: see `scripts/schema-facts.ts`.
 */
import { readFileSync } from 'node:fs';
import type { GroupVersionKind } from '../objects.ts';
import { builtinResources } from '../resources.ts';
import { goTypes } from './go-types.ts';
import { isPlainScalar } from './plain-scalars.ts';
import type { FieldSchema, ListType, ScalarType, Schema, StructSchema } from './schema.ts';

interface Definition {
  p: Record<string, string>;
  r?: string[];
  atomic?: true;
  unions?: unknown[];
}

let loaded: Record<string, Definition> | undefined;

function load(): Record<string, Definition> {
  loaded ??= JSON.parse(readFileSync(new URL('../generated/schema.json', import.meta.url), 'utf8')) as Record<
    string,
    Definition
  >;
  return loaded;
}

/** Names of all definitions, sorted. */
export function definitionNames(): string[] {
  return Object.keys(load());
}

/** `x-kubernetes-unions` of a definition. */
export function unionsOf(definition: string): readonly unknown[] | undefined {
  return load()[definition]?.unions;
}

/** Descriptions by definition and property; '' is that of the definition. Read anew on every call: it is big. */
export function readDescriptions(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return JSON.parse(readFileSync(new URL('../generated/descriptions.json', import.meta.url), 'utf8'));
}

const structs = new Map<string, StructSchema>();

/** The schema of a definition: `core.v1.PodSpec`. */
export function definitionSchema(name: string): StructSchema | undefined {
  const known = structs.get(name);
  if (known) return known;
  const definition = Object.hasOwn(load(), name) ? load()[name] : undefined;
  if (!definition) return undefined;
  const struct = new DefinedStruct(name, definition, definition.atomic ?? false);
  structs.set(name, struct);
  return struct;
}

const metaKinds = new Set(['Status', 'APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions']);

const packages = new Map([
  ['meta.k8s.io', 'meta'],
  ...builtinResources.map(({ group }): [string, string] => [group, (group || 'core').split('.')[0]!]),
]);

/** `rbac` of rbac.authorization.k8s.io. Undefined for a group of others, which may well begin like one of ours. */
export function packageOf(group: string): string | undefined {
  return packages.get(group);
}

/** The definition of a kind: `core.v1.Pod` of v1 Pod. Some kinds are common to all groups. */
export function definitionOfKind({ group, version, kind }: GroupVersionKind): string {
  const common = kind === 'DeleteOptions' || kind === 'WatchEvent' || (group === '' && metaKinds.has(kind));
  if (common) return `meta.v1.${kind}`;
  return `${packageOf(group) ?? group}.${version}.${kind}`;
}

/** The schema of a built-in kind, lists included. */
export function kindSchema(gvk: GroupVersionKind): StructSchema | undefined {
  return definitionSchema(definitionOfKind(gvk));
}

/** Fields are read when first looked at: definitions refer to one another, and to themselves. */
class DefinedStruct implements StructSchema {
  readonly kind = 'struct';
  readonly definition: string;
  readonly atomic: boolean;
  readonly #source: Definition;
  #fields: ReadonlyMap<string, FieldSchema> | undefined;

  constructor(definition: string, source: Definition, atomic: boolean) {
    this.definition = definition;
    this.atomic = atomic;
    this.#source = source;
  }

  get required(): readonly string[] {
    return this.#source.r ?? [];
  }

  get fields(): ReadonlyMap<string, FieldSchema> {
    this.#fields ??= new Map(
      Object.entries(this.#source.p).map(([name, text]) => [name, fieldOf(this, name, text)]),
    );
    return this.#fields;
  }

  /** The same struct where a field says how apply takes it. */
  as(atomic: boolean): StructSchema {
    return atomic === this.atomic ? this : new DefinedStruct(this.definition, this.#source, atomic);
  }
}

interface Facts {
  listType?: ListType;
  keys: readonly string[];
  atomicMap?: boolean;
  strategies: readonly string[];
  mergeKey?: string;
}

function fieldOf(struct: StructSchema, name: string, text: string): FieldSchema {
  const [type = '', ...words] = text.split('|');
  const facts = factsOf(words);
  const goType = goTypes[struct.definition]?.[name];
  return {
    name,
    schema: schemaOf(type, facts, goType),
    required: struct.required.includes(name),
    omitsZero: isPlainScalar(struct.definition, name),
    patchStrategies: facts.strategies,
    mergeKey: facts.mergeKey,
  };
}

function factsOf(words: readonly string[]): Facts {
  const facts: Facts = { keys: [], strategies: [] };
  for (const word of words) {
    const patch = /^patch:(\w+(?:,\w+)*)(?:\((\w+)\))?$/.exec(word);
    const map = /^map\[(.+)\]$/.exec(word);
    if (patch) {
      facts.strategies = patch[1]!.split(',');
      facts.mergeKey = patch[2];
    } else if (map) {
      facts.listType = 'map';
      facts.keys = map[1]!.split(',');
    } else if (word === 'set' || word === 'atomic') facts.listType = word;
    else if (word === 'map-atomic' || word === 'map-granular') facts.atomicMap = word === 'map-atomic';
  }
  return facts;
}

const none: Facts = { keys: [], strategies: [] };

const scalarTypes: Readonly<Record<string, ScalarType>> = {
  s: 'string',
  i: 'int32',
  l: 'int64',
  d: 'double',
  b: 'boolean',
  y: 'bytes',
  q: 'quantity',
  x: 'intOrString',
  t: 'time',
  m: 'microTime',
  a: 'any',
};

function schemaOf(type: string, facts: Facts, goType: string | undefined): Schema {
  if (type.startsWith('[]')) {
    const items = schemaOf(type.slice(2), none, goType);
    return { kind: 'list', items, listType: facts.listType ?? 'atomic', keys: facts.keys };
  }
  if (type.startsWith('{}')) {
    const whole = goType?.startsWith('map:') ? goType.slice(4) : undefined;
    const values = schemaOf(type.slice(2), none, whole ? undefined : goType);
    return { kind: 'map', values, atomic: facts.atomicMap ?? false, goType: whole };
  }
  if (type.startsWith('@')) {
    const struct = definitionSchema(type.slice(1));
    if (!struct) throw new Error(`schema.json refers to ${type.slice(1)}, which it does not define`);
    const { atomicMap } = facts;
    return atomicMap === undefined ? struct : (struct as DefinedStruct).as(atomicMap);
  }
  const scalar = scalarTypes[type];
  if (!scalar) throw new Error(`schema.json has the unknown type ${type}`);
  return { kind: 'scalar', type: scalar, goType };
}
