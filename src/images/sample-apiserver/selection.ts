import type { WardleObject } from './objects.ts';
import { badRequest } from './status.ts';

type Test = (value: string | undefined) => boolean;

/** What `labelSelector` and `fieldSelector` choose. @throws StatusError 400 */
export function selectorOf(query: URLSearchParams): (object: WardleObject) => boolean {
  const labels = requirements(query.get('labelSelector') ?? '');
  const fields = requirements(query.get('fieldSelector') ?? '');
  for (const [name] of fields) {
    if (name !== 'metadata.name' && name !== 'metadata.namespace') {
      throw badRequest(`field label not supported: ${name}`);
    }
  }
  return ({ metadata }) =>
    labels.every(([name, test]) => test(metadata.labels?.[name])) &&
    fields.every(([name, test]) => test(name === 'metadata.name' ? metadata.name : metadata.namespace));
}

function requirements(text: string): [name: string, test: Test][] {
  // A comma between parentheses separates values.
  const parts = text.split(/,(?![^(]*\))/).map(part => part.trim());
  return parts.filter(part => part !== '').map(requirement);
}

function requirement(text: string): [string, Test] {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text);
  if (set) {
    const values = set[3]!.split(',').map(value => value.trim());
    const within: Test = value => value !== undefined && values.includes(value);
    return [set[1]!, set[2] === 'in' ? within : value => !within(value)];
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality) {
    const [, name, sign, wanted] = equality;
    return [name!, sign === '!=' ? value => value !== wanted : value => value === wanted];
  }
  if (/^!\S+$/.test(text)) return [text.slice(1), value => value === undefined];
  if (/^[^\s=!]+$/.test(text)) return [text, value => value !== undefined];
  throw badRequest(`unable to parse requirement: ${text}`);
}
