/** Longer ones are seldom the same. */
const maxLength = 64;
/** Strings in one generation. */
const generationSize = 16_384;

/**
 * One copy of strings that are met again and again: a thousand pods say `IfNotPresent` and their node's name
 * a thousand times. It remembers the strings met lately, in two generations, and so stays bounded.
 */
export class SharedStrings {
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  of(text: string): string {
    if (text.length > maxLength) return text;
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const kept = this.#old.get(text) ?? text;
    if (this.#young.size >= generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(kept, kept);
    return kept;
  }
}
