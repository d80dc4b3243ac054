import { RecentValues } from '../../base/recent-values.ts';

/** Longer strings, and objects with more text, are seldom the same. */
const maxString = 64;
const maxObject = 256;
/** Members of an object that may be the same as another. */
const maxMembers = 6;
/** Values in one generation: what is the same comes soon after one another, objects more so than strings. */
const stringsInGeneration = 8192;
const objectsInGeneration = 2048;

/**
 * One copy of values that are met again and again: a thousand pods say `IfNotPresent` and their node's name a thousand
 * times, have the labels of their ReplicaSet and conditions that changed in the same second.
 */
export class SharedValues {
  readonly #strings = new RecentValues<string>(stringsInGeneration);
  readonly #objects = new RecentValues<Readonly<Record<string, unknown>>>(objectsInGeneration);

  string(text: string): string {
    return text.length > maxString ? text : this.#strings.first(text, text);
  }

  /** @param object a frozen one that nobody changes. */
  object(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const text = textOf(object);
    return text === undefined ? object : this.#objects.first(text, object);
  }
}

/** Those of all objects that are decoded and kept. */
export const sharedValues = new SharedValues();

/** What tells a small object of plain values from others; undefined for any other. The order of its members counts. */
function textOf(object: Readonly<Record<string, unknown>>): string | undefined {
  let text = '';
  let members = 0;
  for (const key in object) {
    const value = object[key];
    if (++members > maxMembers) return undefined;
    // Lengths, so that no text is taken for where another one ends.
    if (typeof value === 'string') text += `${key.length} ${value.length} ${key}${value}`;
    else if (typeof value !== 'object' || value === null) text += `${key.length} =${value} ${key}`;
    else return undefined;
    if (text.length > maxObject) return undefined;
  }
  return text;
}
