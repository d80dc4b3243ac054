/**
 * One step of a field's path as server-side apply writes it (structured-merge-diff): `f:name` a member,
 * `k:{…}` an item by its keys, `v:…` an item of a set by its value, `i:0` an item by its index.
 */
import { isObject } from '../json.ts';

export type PathElement = string;

export function memberElement(name: string): PathElement {
  return `f:${name}`;
}

/** Keys in the order of their names, whatever order they are given in. */
export function keyElement(keys: Readonly<Record<string, unknown>>): PathElement {
  const sorted = Object.keys(keys).sort();
  return `k:${JSON.stringify(Object.fromEntries(sorted.map(key => [key, keys[key]])))}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${JSON.stringify(value)}`;
}

/** The name of a member; undefined for other elements. */
export function memberOf(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/**
 * The element in the form written here, of one that a client wrote.
 * @throws SyntaxError for what is no element
 */
export function normalElement(text: string): PathElement {
  const [type, rest] = [text.slice(0, 2), text.slice(2)];
  if (type === 'f:') return text;
  if (type === 'i:' && /^\d+$/.test(rest)) return text;
  if (type === 'v:') return valueElement(JSON.parse(rest));
  if (type === 'k:') {
    const keys: unknown = JSON.parse(rest);
    if (isObject(keys)) return keyElement(keys);
  }
  throw new SyntaxError(`unknown field path element ${JSON.stringify(text)}`);
}

/** As messages show it: `.spec`, `[name="web"]`, `[="x"]`, `[0]`. */
export function displayElement(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${rest}`;
    case 'k:': {
      const keys = Object.entries(JSON.parse(rest) as object);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v:':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

export function displayPath(path: readonly PathElement[]): string {
  return path.map(displayElement).join('');
}
