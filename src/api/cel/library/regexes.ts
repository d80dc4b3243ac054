import { compileRegex, type Regex } from '../regex.ts';
import { fn, type Overload } from '../signatures.ts';
import { CelError, ItemList, type Value } from '../values.ts';

/** `matches` of the standard, `find` and `findAll` of Kubernetes. */

function search(pattern: string, use: (regex: Regex) => Value): Value {
  const regex = compileRegex(pattern);
  return 'error' in regex ? new CelError(regex.error) : use(regex);
}

const matches = (text: string, pattern: string) => search(pattern, regex => regex.test(text));

/** As long as the text and the pattern are: upstream's factors. */
const cost = (text: string, pattern: string) =>
  Math.max(1, Math.ceil(text.length / 10) * Math.ceil(pattern.length / 4));

export const regexes: readonly Overload[] = [
  fn('matches(string, string): bool', matches, cost),
  fn('string->matches(string): bool', matches, cost),
  fn(
    'string->find(string): string',
    (text: string, pattern: string) => search(pattern, regex => regex.find(text) ?? ''),
    cost,
  ),
  fn(
    'string->findAll(string): list(string)',
    (text: string, pattern: string) => search(pattern, regex => new ItemList(regex.findAll(text, -1))),
    cost,
  ),
  fn(
    'string->findAll(string, int): list(string)',
    (text: string, pattern: string, limit: bigint) =>
      search(pattern, regex => new ItemList(regex.findAll(text, Number(limit)))),
    cost,
  ),
];
