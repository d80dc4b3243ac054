/**
 * A second look at a JSON text, slower than JSON.parse and taken only when needed: where members repeat, and
 * what is wrong with a text that is no JSON, in the words of Go's encoding/json.
 */

/** Deepest nesting that is read; what follows walks objects recursively. */
export const maxDepth = 1000;

/** What is wrong with a text, in Go's words. */
export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError';
}

/** How many members all objects of a JSON text have, repeated ones counted, without reading names or values. */
export function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 34: // "
        i = endOfString(text, i);
        break;
      case 58: // :
        members++;
        break;
      case 91: // [
      case 123: // {
        if (++depth > maxDepth) throw new JsonSyntaxError('exceeded max depth');
        break;
      case 93: // ]
      case 125: // }
        depth--;
    }
  }
  return members;
}

/** The position of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i > 0; i = text.indexOf('"', i + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(i - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return i;
  }
  return text.length;
}

/** How many members the objects in `value` have. */
export function countParsedMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') members += countParsedMembers(item);
    return members;
  }
  for (const key in value) {
    members++;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') members += countParsedMembers(member);
  }
  return members;
}

/** What strict decoding finds: `spec.containers[0].image` that stands twice, or that the schema does not have. */
export interface Finding {
  kind: 'duplicate' | 'unknown';
  path: string;
}

/**
 * The members that stand more than once in their object, and the `unknown` ones among them, in the order of the text.
 * As Go's decoder does, it passes over what is inside of unknown ones, and says each thing once.
 */
export function strictFindings(text: string, unknown: Iterable<string> = []): Finding[] {
  const reader = new Reader(text, new Set(unknown));
  reader.document();
  return [...reader.findings.values()];
}

/** Go's complaint about a text that is no JSON; undefined where it is. */
export function syntaxError(text: string): string | undefined {
  try {
    new Reader(text).document();
    return undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
}

class Reader {
  readonly findings = new Map<string, Finding>();
  readonly #text: string;
  readonly #unknown: ReadonlySet<string>;
  /** How many unknown members the reader is inside of. */
  #unknownDepth = 0;
  #at = 0;

  constructor(text: string, unknown: ReadonlySet<string> = new Set()) {
    this.#text = text;
    this.#unknown = unknown;
  }

  document(): void {
    this.#value('', 0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
  }

  #value(path: string, depth: number): void {
    if (depth > maxDepth) throw new JsonSyntaxError('exceeded max depth');
    this.#space();
    const character = this.#text[this.#at];
    if (character === '{') this.#object(path, depth);
    else if (character === '[') this.#array(path, depth);
    else if (character === '"') this.#string();
    else if (character === 't' || character === 'f' || character === 'n') this.#literal(character);
    else if (character !== undefined && /[-\d]/.test(character)) this.#number();
    else throw this.#unexpected('looking for beginning of value');
  }

  #object(path: string, depth: number): void {
    this.#at++;
    const names = new Set<string>();
    this.#space();
    if (this.#take('}')) return;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string');
      const name = this.#string();
      const own = path === '' ? name : `${path}.${name}`;
      const unknown = this.#unknown.has(own);
      if (unknown) this.#found('unknown', own);
      else if (names.has(name)) this.#found('duplicate', own);
      names.add(name);
      this.#space();
      if (!this.#take(':')) throw this.#unexpected('after object key');
      if (unknown) this.#unknownDepth++;
      this.#value(own, depth + 1);
      if (unknown) this.#unknownDepth--;
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) throw this.#unexpected('after object key:value pair');
    }
  }

  #found(kind: Finding['kind'], path: string): void {
    if (this.#unknownDepth === 0) this.findings.set(`${kind} ${path}`, { kind, path });
  }

  #array(path: string, depth: number): void {
    this.#at++;
    this.#space();
    if (this.#take(']')) return;
    for (let index = 0; ; index++) {
      this.#value(`${path}[${index}]`, depth + 1);
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) throw this.#unexpected('after array element');
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '"') break;
      if (character === undefined || character < ' ') throw this.#unexpected('in string literal');
      this.#at++;
      if (character === '\\') this.#escape();
    }
    return JSON.parse(this.#text.slice(start, ++this.#at)) as string;
  }

  #escape(): void {
    const character = this.#text[this.#at];
    if (character === undefined || !'"\\/bfnrtu'.includes(character))
      throw this.#unexpected('in string escape code');
    this.#at++;
    if (character !== 'u') return;
    for (let i = 0; i < 4; i++, this.#at++) {
      if (!/[\da-fA-F]/.test(this.#text[this.#at] ?? ''))
        throw this.#unexpected('in \\u hexadecimal character escape');
    }
  }

  #literal(first: 't' | 'f' | 'n'): void {
    const word = { t: 'true', f: 'false', n: 'null' }[first];
    for (const letter of word) {
      if (!this.#take(letter)) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
    }
  }

  #number(): void {
    this.#take('-');
    if (!this.#take('0')) this.#digits('in numeric literal');
    if (this.#take('.')) this.#digits('after decimal point in numeric literal');
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-');
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(where: string): void {
    if (!/\d/.test(this.#text[this.#at] ?? '')) throw this.#unexpected(where);
    while (/\d/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #unexpected(where: string): JsonSyntaxError {
    const character = this.#text[this.#at];
    if (character === undefined) return new JsonSyntaxError('unexpected end of JSON input');
    return new JsonSyntaxError(`invalid character ${quoted(character)} ${where}`);
  }
}

/** Go's quoting of one character. */
function quoted(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
