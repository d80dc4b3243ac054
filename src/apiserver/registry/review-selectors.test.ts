import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorFindings } from './review-selectors.ts';

const rows: [selector: Parameters<typeof selectorFindings>[0], findings: string[]][] = [
  [undefined, []],
  [{ rawSelector: 'a=b' }, []],
  [{ requirements: [{ key: 'a', operator: 'In', values: ['b'] }] }, []],
  [{ requirements: [{ key: 'a', operator: 'Future', values: ['b'] }] }, []],
  [{}, ['at.requirements: Required value: when at is specified, requirements or rawSelector is required']],
  [
    { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Exists' }] },
    ['at.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements'],
  ],
  [
    {
      requirements: [
        { key: '', operator: 'In' },
        { key: 'a', operator: 'Exists', values: ['b'] },
      ],
    },
    [
      'at.requirements[0].key: Required value: must be specified',
      "at.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "at.requirements[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
  ],
];
for (const [selector, findings] of rows) {
  test(`${JSON.stringify(selector)} has ${findings.length} faults`, () => {
    const found = selectorFindings(selector, 'at').map(({ field, message }) => `${field}: ${message}`);
    assert.deepEqual(found, findings);
  });
}
