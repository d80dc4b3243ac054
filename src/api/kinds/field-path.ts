/**
 * The path of a field as upstream's `field.Path` prints it: `spec.containers[0].name`, `data[key]`. Its text
 * is made only when an error needs it, so that validating a right object builds no strings.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #name: string;
  readonly #subscript: boolean;

  constructor(name: string, parent?: FieldPath, subscript = false) {
    this.#name = name;
    this.#parent = parent;
    this.#subscript = subscript;
  }

  child(...names: string[]): FieldPath {
    let path: FieldPath = this;
    for (const name of names) path = new FieldPath(name, path);
    return path;
  }

  index(position: number): FieldPath {
    return new FieldPath(String(position), this, true);
  }

  key(name: string): FieldPath {
    return new FieldPath(name, this, true);
  }

  toString(): string {
    if (this.#subscript) return `${this.#parent ?? ''}[${this.#name}]`;
    return this.#parent ? `${this.#parent}.${this.#name}` : this.#name || '[]';
  }
}

/** The roots validators start from. */
export const metadataPath = new FieldPath('metadata');
export const specPath = new FieldPath('spec');
export const statusPath = new FieldPath('status');

/** A field at the top of the object. */
export function root(name: string): FieldPath {
  return new FieldPath(name);
}
