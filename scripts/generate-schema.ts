/**
 * Writes `src/api/generated/schema.json` and `descriptions.json` from the models of `@kubernetes/client-node`
 * and the facts of `schema-facts.ts`. `src/api/schema/definitions.ts` tells the form of the first.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelProperty, modelNames, readModel, root } from './kind-models.ts';
import { atomicTypes, fieldFacts, packages, unions } from './schema-facts.ts';

interface Definition {
  /** Properties: name → type, `|`, facts. */
  p: Record<string, string>;
  /** Required properties. */
  r?: string[];
  /** Taken as one value by apply. */
  atomic?: true;
  unions?: readonly unknown[];
}

/** Types that are no structs on the wire. */
const scalars: Record<string, string> = { string: 's', boolean: 'b', any: 'a', Date: 't', V1MicroTime: 'm' };
const byFormat: Record<string, string> = {
  int32: 'i',
  int64: 'l',
  double: 'd',
  byte: 'y',
  'date-time': 't',
  'date-time-micro': 'm',
  'int-or-string': 'x',
};

const names = new Set(modelNames());
const definitionOf = new Map<string, string>();
const classOf = new Map<string, string>();
for (const [group, types] of Object.entries(packages)) {
  for (const type of types.trim().split(/\s+/)) {
    const className = findClass(group, type);
    if (!className) {
      if (type !== 'FieldsV1') console.warn(`no model for ${group}.${type}`);
      continue;
    }
    definitionOf.set(className, `${group}.${type}`);
    classOf.set(`${group}.${type}`, className);
  }
}

/** `core.v1` + `EndpointPort` → `CoreV1EndpointPort` where two groups have the name, else `V1EndpointPort`. */
function findClass(group: string, type: string): string | undefined {
  const [prefix = '', version = ''] = group.split('.');
  const upper = version.toUpperCase();
  const own = `${prefix[0]!.toUpperCase()}${prefix.slice(1)}${upper}${type}`;
  return [own, `${upper}${type}`].find(name => names.has(name));
}

function typeOf(type: string, format: string, quantity: boolean): string {
  const list = /^Array<(.+)>$/.exec(type);
  if (list) return `[]${typeOf(list[1]!, format, quantity)}`;
  const map = /^\{\s*\[key: string\]: (.+?);?\s*\}$/.exec(type);
  if (map) return `{}${typeOf(map[1]!, format, quantity)}`;
  if (quantity) return 'q';
  if (type === 'IntOrString') return 'x';
  const known = byFormat[format] ?? scalars[type];
  if (known) return known;
  if (type === 'number') return 'i';
  const definition = definitionOf.get(type);
  if (!definition) throw new Error(`no definition for the type ${type}`);
  return `@${definition}`;
}

function propertyOf(definition: string, { name, type, format }: ModelProperty): string {
  const facts = fieldFacts[definition]?.[name]?.split(' ') ?? [];
  const rest = facts.filter(fact => fact !== 'quantity');
  return [typeOf(type, format, facts.includes('quantity')), ...rest].join('|');
}

/** Writes both files. */
export function generateSchema(): void {
  const schema: Record<string, Definition> = {};
  const descriptions: Record<string, Record<string, string>> = {};
  for (const [definition, className] of [...classOf].sort()) {
    const model = readModel(className);
    const required = model.properties.filter(property => !property.optional).map(property => property.name);
    schema[definition] = {
      p: Object.fromEntries(
        model.properties.map(property => [property.name, propertyOf(definition, property)]),
      ),
      ...(required.length > 0 && { r: required }),
      ...(atomicTypes.includes(definition) && { atomic: true as const }),
      ...(unions[definition] && { unions: unions[definition] }),
    };
    const texts = model.properties.map(property => [property.name, property.description] as const);
    descriptions[definition] = {
      '': model.description,
      ...Object.fromEntries(texts.filter(([, text]) => text !== '')),
    };
  }
  write('schema.json', schema);
  write('descriptions.json', descriptions);
}

/** One definition a line, so that a change of the package's version can be read as a diff. */
function write(file: string, content: Record<string, unknown>): void {
  const lines = Object.entries(content).map(
    ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  writeFileSync(join(root, 'src/api/generated', file), `{\n${lines.join(',\n')}\n}\n`);
}
