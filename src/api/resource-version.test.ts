import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtLeast, isResourceVersion, newestVersion } from './resource-version.ts';

test('resourceVersions compare as whole numbers of any size', () => {
  const rows: [string, string, boolean][] = [
    ['10', '9', true],
    ['9', '10', false],
    ['7', '7', true],
    ['9007199254740993', '9007199254740992', true],
    ['9007199254740992', '9007199254740993', false],
    ['', '1', false],
    ['1', '', true],
  ];
  for (const [version, other, expected] of rows)
    assert.equal(isAtLeast(version, other), expected, `${version} ${other}`);
  assert.equal(newestVersion(['9', '11', '10']), '11');
  assert.equal(newestVersion([]), '');
});

test('what is no number is no resourceVersion', () => {
  const texts = ['12', '0', '', '-1', '1.5', '0x10', '1e9', ' 1', '9'.repeat(21)];
  assert.deepEqual(texts.filter(isResourceVersion), ['12', '0']);
});
