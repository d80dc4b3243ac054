import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64ErrorOffset, isBase64 } from './base64.ts';
import { countMembers, countParsedMembers, strictFindings, syntaxError } from './json-reader.ts';

const texts: [text: string, members: number, duplicates: string[]][] = [
  ['{}', 0, []],
  ['{"a":1,"b":[{"c":":"}]}', 3, []],
  ['{"a":{"b":1,"b":2},"a":3}', 4, ['a.b', 'a']],
  ['[{"a":1},{"a":1,"a":1}]', 3, ['[1].a']],
  ['{"\\u0061":1,"a":2}', 2, ['a']],
];
for (const [text, members, duplicates] of texts) {
  test(`${text} has ${members} members`, () => {
    assert.equal(countMembers(text), members);
    assert.deepEqual(
      strictFindings(text).map(({ path }) => path),
      duplicates,
    );
    if (duplicates.length === 0) assert.equal(countParsedMembers(JSON.parse(text)), members);
  });
}

const orders: [text: string, unknown: string[], findings: string[]][] = [
  ['{"u":1,"a":1,"a":2}', ['u'], ['unknown u', 'duplicate a']],
  ['{"a":1,"a":2,"u":1}', ['u'], ['duplicate a', 'unknown u']],
  [
    '{"u":{"b":1,"b":2},"u":1,"c":[{"d":1,"d":2,"u":1}]}',
    ['u', 'c[0].u'],
    ['unknown u', 'duplicate c[0].d', 'unknown c[0].u'],
  ],
];
for (const [text, unknown, findings] of orders) {
  test(`${text}: ${findings}`, () => {
    const found = strictFindings(text, unknown).map(({ kind, path }) => `${kind} ${path}`);
    assert.deepEqual(found, findings);
  });
}

const errors: [text: string, error: string | undefined][] = [
  ['{"a":[1,2.5e-3,true,false,null,"\\u00e9\\n"]}', undefined],
  ['{"a":1 "b"', `invalid character '"' after object key:value pair`],
  ['{"a" 1}', `invalid character '1' after object key`],
  ['{a:1}', `invalid character 'a' looking for beginning of object key string`],
  ['[1 2]', `invalid character '2' after array element`],
  ['{} x', `invalid character 'x' after top-level value`],
  ['tru', 'unexpected end of JSON input'],
  ['trux', `invalid character 'x' in literal true (expecting 'e')`],
  ['-', 'unexpected end of JSON input'],
  ['1.x', `invalid character 'x' after decimal point in numeric literal`],
  ['1ex', `invalid character 'x' in exponent of numeric literal`],
  ['"a\nb"', `invalid character '\\n' in string literal`],
  ['"\\x"', `invalid character 'x' in string escape code`],
  ["'a'", `invalid character '\\'' looking for beginning of value`],
];
for (const [text, error] of errors) {
  test(`${JSON.stringify(text)} is ${error ?? 'JSON'}`, () => {
    assert.equal(syntaxError(text), error);
    if (error === undefined) assert.doesNotThrow(() => JSON.parse(text));
    else assert.throws(() => JSON.parse(text));
  });
}

const base64: [text: string, offset: number | undefined][] = [
  ['', undefined],
  ['aGVsbG8=', undefined],
  ['aGVs\r\nbG8=\n', undefined],
  ['a', 0],
  ['aGVsbG8', 4],
  ['aGVsbG8==', 8],
  ['aG=', 3],
  ['=', 0],
  ['a=', 1],
  ['aG=s', 2],
  ['aGVs-', 4],
];
for (const [text, offset] of base64) {
  test(`${JSON.stringify(text)} as base64 fails at ${offset}`, () => {
    assert.equal(base64ErrorOffset(text), offset);
    assert.ok(!isBase64(text) || offset === undefined);
  });
}
