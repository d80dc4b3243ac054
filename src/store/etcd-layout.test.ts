import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdLayout, packFinal, packValue, unpackFinal, unpackValue } from './etcd-layout.ts';
import type { ValueAt } from './store.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const stamped: ValueAt = {
  at: revision => Buffer.from(`<${revision}>`),
  parts: () => [Buffer.from('<'), Buffer.from('>')],
};

test('a value comes back with the revision it was read at in its place', () => {
  assert.equal(text(unpackValue(packValue(stamped), 1234)), '<1234>');
  assert.equal(text(unpackValue(packValue(Buffer.from('plain')), 1234)), 'plain');
  assert.equal(text(unpackValue(packValue(new Uint8Array(0)), 7)), '');
  const final = unpackFinal(packFinal('/a/b', stamped), 9);
  assert.deepEqual([final.key, text(final.value)], ['/a/b', '<9>']);
});

test('bytes of another program are refused', () => {
  for (const foreign of ['', 'abc', '{"kind":"Pod"}']) {
    assert.throws(() => unpackValue(Buffer.from(foreign), 1), RangeError, foreign);
  }
});

test('keys lie below the prefix, and ranges end behind it', () => {
  const layout = new EtcdLayout('/causeway/dev/');
  assert.equal(layout.entry('/core/pods/a'), '/causeway/dev/registry/core/pods/a');
  assert.equal(layout.keyOf('/causeway/dev/registry/core/pods/a'), '/core/pods/a');
  assert.equal(layout.keyOf(layout.final), undefined);
  assert.deepEqual(layout.all, { key: '/causeway/dev/', rangeEnd: '/causeway/dev0' });
  assert.ok(layout.entry('/x') >= layout.entries.key && layout.entry('/x') < layout.entries.rangeEnd);
  assert.ok(layout.tick >= layout.entries.rangeEnd || layout.tick < layout.entries.key);
});
