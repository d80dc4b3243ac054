import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeSelectorTerm } from './generated/types.ts';
import { matchesNodeTerms } from './node-selector.ts';

const node = { name: 'a', labels: { disk: 'ssd', cores: '8' } };
const expression = (key: string, operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
});

const rows: [string, NodeSelectorTerm[], boolean][] = [
  ['In', [expression('disk', 'In', 'hdd', 'ssd')], true],
  ['NotIn of a label that is not there', [expression('gpu', 'NotIn', 'x')], true],
  ['NotIn', [expression('disk', 'NotIn', 'ssd')], false],
  ['Exists', [expression('gpu', 'Exists')], false],
  ['DoesNotExist', [expression('gpu', 'DoesNotExist')], true],
  ['Gt', [expression('cores', 'Gt', '7')], true],
  ['Lt', [expression('cores', 'Lt', '8')], false],
  ['Gt of what is no number', [expression('disk', 'Gt', '1')], false],
  ['one of two terms', [expression('gpu', 'Exists'), expression('disk', 'Exists')], true],
  ['a term without requirements', [{}], false],
  ['no terms', [], false],
  ['by name', [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }], true],
];

for (const [name, terms, want] of rows) {
  test(`node selector terms: ${name}`, () => assert.equal(matchesNodeTerms(terms, node), want));
}
