/**
 * Values met lately, each by a text that tells it from others: where equal ones come again and again, all who ask
 * hold the same one. In two generations, and so bounded.
 */
export class RecentValues<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  readonly #size: number;

  /** @param size texts in one generation. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The value that was first met by this text. */
  first(text: string, value: T): T {
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
