import { RE2JS } from 're2js';

/** A pattern in RE2's syntax, which runs in linear time. */
export interface Regex {
  test(text: string): boolean;
  /** The first match; undefined without one. */
  find(text: string): string | undefined;
  /** @param limit no more than these; all of them when it is negative */
  findAll(text: string, limit: number): string[];
}

/** Patterns are compiled again and again by rules that hold them as values. */
const cache = new Map<string, Regex | { error: string }>();
const cacheSize = 256;
/** Go's regexp compiles larger ones, too; their programs would take long to run. */
const maxPattern = 10_000;

/** @returns the pattern, or what Go's regexp.Compile says is wrong with it */
export function compileRegex(pattern: string): Regex | { error: string } {
  const known = cache.get(pattern);
  if (known) return known;
  const compiled = compile(pattern);
  if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!);
  cache.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): Regex | { error: string } {
  if (pattern.length > maxPattern) return { error: 'error parsing regexp: expression too large' };
  try {
    return new CompiledRegex(RE2JS.compile(pattern));
  } catch (error) {
    return { error: (error as Error).message };
  }
}

class CompiledRegex implements Regex {
  readonly #compiled: RE2JS;

  constructor(compiled: RE2JS) {
    this.#compiled = compiled;
  }

  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  find(text: string): string | undefined {
    return this.findAll(text, 1)[0];
  }

  findAll(text: string, limit: number): string[] {
    const matcher = this.#compiled.matcher(text);
    const found: string[] = [];
    while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
    return found;
  }
}
