import { compileRegex } from '../cel/regex.ts';

/**
 * A test whether a text holds what a pattern in RE2's syntax describes, in time linear in the text; undefined for
 * a pattern that can't be read.
 */
export function compilePattern(pattern: string): ((text: string) => boolean) | undefined {
  const compiled = compileRegex(pattern);
  return 'error' in compiled ? undefined : text => compiled.test(text);
}

/** What is wrong with a pattern, in the words of Go's regexp. */
export function patternError(pattern: string): string | undefined {
  const compiled = compileRegex(pattern);
  return 'error' in compiled ? compiled.error : undefined;
}
