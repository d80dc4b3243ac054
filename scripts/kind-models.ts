/** Reads the models of the `@kubernetes/client-node` package: properties, JSON names, formats, descriptions. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');

export interface ModelProperty {
  /** As in JSON. */
  name: string;
  optional: boolean;
  /** As declared: `Array<V1Container>`. */
  type: string;
  /** `int32`, `byte`, `date-time`; '' where there is none. */
  format: string;
  description: string;
}

export interface Model {
  className: string;
  description: string;
  properties: ModelProperty[];
}

export function modelNames(): string[] {
  return readdirSync(models)
    .filter(file => file.endsWith('.d.ts'))
    .map(file => file.slice(0, -'.d.ts'.length))
    .sort();
}

const attribute = /"name": "(.+?)",\s+"baseName": "(.+?)",\s+"type": "(.+?)",\s+"format": "(.*?)"/g;
const declared =
  /^ {4}(?:\/\*\*\n {4}\* ([\s\S]*?)\n {4}\*\/\n {4})?'(.+?)'(\??): (\{[\s\S]+?\n {4}\}|[^;]+?);$/gm;

export function readModel(className: string): Model {
  const source = readFileSync(join(models, `${className}.d.ts`), 'utf8');
  const script = readFileSync(join(models, `${className}.js`), 'utf8');
  const attributes = new Map(
    [...script.matchAll(attribute)].map(([, name, json, , format]) => [
      name!,
      { json: json!, format: format! },
    ]),
  );
  const properties = [...source.matchAll(declared)].map(([, text = '', property, optional, type]) => {
    const { json, format } = attributes.get(property!) ?? { json: property!, format: '' };
    return { name: json, optional: optional === '?', type: type!, format, description: plainText(text) };
  });
  const about = /\/\*\*\n\* ([\s\S]*?)\n\*\/\nexport declare class/.exec(source)?.[1] ?? '';
  return { className, description: plainText(about), properties };
}

/** The generator of the package escapes quotes and folds paragraphs into one line. */
function plainText(comment: string): string {
  return comment
    .replace(/\n\s*\* ?/g, '\n')
    .replace(/\\(['"])/g, '$1')
    .replaceAll('*_/', '*/')
    .replace(/(\S) {2}(?=\S)/g, '$1\n\n');
}
