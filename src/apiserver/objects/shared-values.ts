/** Longer strings, and objects with more text, are seldom the same. */
const maxString = 64;
const maxObject = 256;
/** Members of an object that may be the same as another. */
const maxMembers = 4;
/** Values in one generation: what is the same comes soon after one another, objects more so than strings. */
const stringsInGeneration = 8192;
const objectsInGeneration = 2048;

/**
 * One copy of values that are met again and again: a thousand pods say `IfNotPresent` and their node's name a thousand
 * times, have the labels of their ReplicaSet and conditions that changed in the same second.
 */
export class SharedValues {
  readonly #strings = new Generations<string>(stringsInGeneration);
  readonly #objects = new Generations<Readonly<Record<string, unknown>>>(objectsInGeneration);

  string(text: string): string {
    return text.length > maxString ? text : this.#strings.of(text, text);
  }

  /** @param object a frozen one that nobody changes. */
  object(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const text = textOf(object);
    return text === undefined ? object : this.#objects.of(text, object);
  }
}

/** What tells a small object of strings from others; undefined for any other. The order of its members counts. */
function textOf(object: Readonly<Record<string, unknown>>): string | undefined {
  let text = '';
  let members = 0;
  for (const key in object) {
    const value = object[key];
    if (typeof value !== 'string' || ++members > maxMembers) return undefined;
    // Lengths, so that no text is taken for where another one ends.
    text += `${key.length} ${value.length} ${key}${value}`;
    if (text.length > maxObject) return undefined;
  }
  return text;
}

/** The values met lately, in two generations, and so bounded. */
class Generations<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** The value that was first met by this text. */
  of(text: string, value: T): T {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const kept = this.#old.get(text) ?? value;
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, kept);
    return kept;
  }
}
