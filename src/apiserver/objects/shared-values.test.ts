import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedValues } from './shared-values.ts';

const rows: { name: string; one: Record<string, unknown>; other: Record<string, unknown>; same: boolean }[] =
  [
    { name: 'equal labels', one: { app: 'web', tier: 'a' }, other: { app: 'web', tier: 'a' }, same: true },
    { name: 'empty objects', one: {}, other: {}, same: true },
    { name: 'other values', one: { app: 'web' }, other: { app: 'db' }, same: false },
    { name: 'another order', one: { a: '1', b: '2' }, other: { b: '2', a: '1' }, same: false },
    { name: 'text that could end elsewhere', one: { a: 'b1 1 c' }, other: { a: 'b', c: '' }, same: false },
    { name: 'numbers beside strings', one: { a: 'b', c: 1 }, other: { a: 'b', c: 1 }, same: true },
    { name: 'nothing and truth', one: { a: null, b: true }, other: { a: null, b: true }, same: true },
    { name: 'a number and its text', one: { a: 1 }, other: { a: '1' }, same: false },
    { name: 'nothing and its name', one: { a: null }, other: { a: 'null' }, same: false },
    { name: 'members that are objects', one: { a: {} }, other: { a: {} }, same: false },
    {
      name: 'many members',
      one: { a: '', b: '', c: '', d: '', e: '', f: '', g: '' },
      other: { a: '', b: '', c: '', d: '', e: '', f: '', g: '' },
      same: false,
    },
    { name: 'much text', one: { a: 'x'.repeat(300) }, other: { a: 'x'.repeat(300) }, same: false },
  ];

for (const { name, one, other, same } of rows) {
  test(`${name} are ${same ? 'one object' : 'two objects'}`, () => {
    const values = new SharedValues();
    assert.equal(values.object(one), one);
    const found = values.object(other);
    assert.equal(found, same ? one : other);
    assert.deepEqual(found, other);
  });
}

test('what was not met for long is forgotten', () => {
  const values = new SharedValues();
  const first = values.object({ n: 'first' });
  for (let n = 0; n < 5000; n++) values.object({ n: String(n) });
  assert.notEqual(values.object({ n: 'first' }), first);
});
