import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesOf, testLibrary } from './fake-library.ts';
import { digestOf } from './manifest.ts';

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test('a blob reads back whole and in part, and nothing is left of its writing', async t => {
  const { blobs, path } = await testLibrary(t);
  const { digest, size } = await blobs.ingest(chunks('01234', '56789'));
  assert.deepEqual([digest, size], [digestOf('0123456789'), 10]);
  assert.equal((await bytesOf(blobs.open(digest))).toString(), '0123456789');
  assert.equal((await bytesOf(blobs.open(digest, { start: 2, end: 4 }))).toString(), '234');
  assert.deepEqual(await readdir(join(path, 'ingest')), []);
});

const refused: [string, Parameters<Awaited<ReturnType<typeof testLibrary>>['blobs']['ingest']>[1], RegExp][] =
  [
    ['another digest', { digest: digestOf('other') }, /not sha256/],
    ['fewer bytes', { size: 5 }, /2 bytes came where 5 were announced/],
    ['more bytes', { size: 1 }, /more than the 1 bytes/],
    ['more than allowed', { maxBytes: 1 }, /more than the 1 bytes/],
  ];
for (const [what, expected, message] of refused) {
  test(`${what} than announced is refused and leaves nothing`, async t => {
    const { blobs, path } = await testLibrary(t);
    await assert.rejects(blobs.ingest(chunks('a', 'b'), expected), { name: 'BlobMismatchError', message });
    assert.deepEqual(await readdir(join(path, 'ingest')), []);
    assert.deepEqual(await readdir(join(path, 'blobs/sha256')), []);
  });
}

test('a digest cannot name a path', async t => {
  const { blobs } = await testLibrary(t);
  await assert.rejects(blobs.size('sha256:../../etc/passwd'), /no digest/);
});

test('a sweep takes old blobs that nobody wants', async t => {
  const { blobs, clock } = await testLibrary(t);
  const kept = await blobs.put('kept');
  const young = await blobs.put('young');
  const old = await blobs.put('old');
  for (const { digest } of [kept, old, young]) await blobs.touch(digest);
  await clock.advance(5_000);
  await blobs.touch(young.digest);
  const removed = await blobs.sweep(new Set([kept.digest]), 3_000);
  assert.deepEqual(removed, [old]);
});
