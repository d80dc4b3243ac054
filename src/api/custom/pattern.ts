import { RE2JS } from 're2js';

/** Characters of the longest pattern that is compiled. */
const longest = 10_000;

/**
 * A test whether a text holds what a pattern in RE2's syntax describes, in time linear in the text; undefined for
 * a pattern that can't be read.
 */
export function compilePattern(pattern: string): ((text: string) => boolean) | undefined {
  if (patternError(pattern) !== undefined) return undefined;
  const compiled = RE2JS.compile(pattern);
  return text => compiled.test(text);
}

/** What is wrong with a pattern, in the words of Go's regexp. */
export function patternError(pattern: string): string | undefined {
  if (pattern.length > longest) return 'error parsing regexp: expression too large';
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
