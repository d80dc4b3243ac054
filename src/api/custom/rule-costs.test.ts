import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JSONSchemaProps } from '../generated/types.ts';
import { FieldPath } from '../kinds/field-path.ts';
import { Findings } from '../kinds/findings.ts';
import { checkRuleCosts } from './rule-costs.ts';

const at = new FieldPath('schema');

function costs(schema: JSONSchemaProps): string[] {
  const out = new Findings();
  checkRuleCosts(schema, at, out);
  return out.list.map(({ field, message }) => `${field}: ${message.replace(/ \(.*/, '')}`);
}

const text = (rest: object = {}): JSONSchemaProps => ({ type: 'string', ...rest });
const list = (items: JSONSchemaProps, rest: object = {}): JSONSchemaProps => ({
  type: 'array',
  items,
  ...rest,
});
const rule = (text: string) => ({ 'x-kubernetes-validations': [{ rule: text }] });
const root = (properties: Record<string, JSONSchemaProps>, rest: object = {}): JSONSchemaProps => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...rest } },
});

const rows: [what: string, schema: JSONSchemaProps, found: string[]][] = [
  ['a comparison costs next to nothing', root({ a: { type: 'integer', ...rule('self > 1') } }), []],
  ['a text of any length may be searched once', root({ a: text(rule("self.contains('x')")) }), []],
  ['a list of any length may be walked once', root({ l: list(text()) }, rule("self.l.all(x, x != '')")), []],
  [
    'a list of any length is not walked for each of its items',
    root({ l: list(text()) }, rule('self.l.all(x, self.l.exists(y, y == x))')),
    [
      'schema.properties[spec].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
      'schema.properties[spec].x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema',
      'schema: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
    ],
  ],
  [
    'one of a bounded length is',
    root(
      { l: list(text({ maxLength: 20 }), { maxItems: 50 }) },
      rule('self.l.all(x, self.l.exists_one(y, y == x))'),
    ),
    [],
  ],
  [
    'a rule on items counts for each of them',
    root({ l: list(text({ maxLength: 1000, ...rule("self.matches('^[a-z]+(-[a-z]+)*$')") })) }),
    [
      'schema.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 53.1x',
      'schema.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule & messageExpression cost total exceeding cost limit for entire OpenAPIv3 schema',
      'schema: Forbidden: x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema exceeds budget by factor of 5.3x',
    ],
  ],
  [
    'and for as many as there can be',
    root({ l: list(text({ maxLength: 63, ...rule("self.matches('^[a-z]+$')") }), { maxItems: 1000 }) }),
    [],
  ],
];

for (const [what, schema, found] of rows)
  test(`rule costs: ${what}`, () => assert.deepEqual(costs(schema), found));
