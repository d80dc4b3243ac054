import type { AnswerTemplate } from './answer-template.ts';

interface Entry {
  template: AnswerTemplate;
  dependsOn: readonly string[];
}

/**
 * Answers by the bytes of their question, each held until something it depends on changes. Bounded: the oldest
 * goes first, and is made again when asked for.
 */
export class AnswerCache {
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  readonly #dependents = new Map<string, string[]>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): AnswerTemplate | undefined {
    return this.#entries.get(key)?.template;
  }

  set(key: string, template: AnswerTemplate, dependsOn: readonly string[]): void {
    this.#delete(key);
    if (this.#entries.size >= this.#capacity) this.#delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { template, dependsOn });
    for (const dependency of dependsOn) {
      const keys = this.#dependents.get(dependency);
      if (keys) keys.push(key);
      else this.#dependents.set(dependency, [key]);
    }
  }

  /** Forgets every answer that depends on one of `dependencies`. */
  invalidate(dependencies: readonly string[]): void {
    for (const dependency of dependencies) {
      for (const key of [...(this.#dependents.get(dependency) ?? [])]) this.#delete(key);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    for (const dependency of entry.dependsOn) {
      const keys = this.#dependents.get(dependency);
      const left = keys?.filter(other => other !== key) ?? [];
      if (left.length === 0) this.#dependents.delete(dependency);
      else this.#dependents.set(dependency, left);
    }
  }
}
