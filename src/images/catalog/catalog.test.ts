import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, testLibrary, testRecipe } from '../fake-library.ts';
import { type Manifest, maxManifestBytes, parseManifest } from '../manifest.ts';
import { parseReference } from '../reference.ts';
import { tarEntries } from '../tar.ts';
import { recipes } from './recipes.ts';

test('a stand-in has a layer for each list of packages and one of ours, and says what it is', async t => {
  const { catalog, blobs } = await testLibrary(t);
  const record = await catalog.build(testRecipe);
  const manifest = parseManifest(await blobs.read(record.digest, maxManifestBytes)) as Manifest;
  const listed: string[][] = [];
  for (const { digest } of manifest.layers) {
    const names: string[] = [];
    for await (const { header, skip } of tarEntries(blobs.open(digest))) {
      names.push(header.linkname ? `${header.name} -> ${header.linkname}` : header.name);
      skip();
    }
    listed.push(names);
  }
  const merged = [
    'usr',
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'usr/sbin',
    'bin -> usr/bin',
    'lib -> usr/lib',
    'lib64 -> usr/lib64',
    'sbin -> usr/sbin',
  ];
  assert.deepEqual(listed, [
    [
      ...merged,
      'usr/bin/dash',
      'usr/bin/ash -> usr/bin/dash',
      'usr/share/doc/base/copyright',
      'etc/certs/a.crt',
    ],
    [...merged, 'usr/sbin/web'],
    ['etc/bundle', 'etc/version', 'usr/bin/sh -> dash'],
  ]);
  const config = JSON.parse((await blobs.read(manifest.config.digest, maxManifestBytes)).toString());
  assert.equal(config.config.Labels['io.causeway.stand-in'], 'true');
  assert.equal(config.config.Labels['io.causeway.stand-in-for'], 'docker.io/library/web k8s.gcr.io/web');
  assert.match(config.config.Labels['io.causeway.built-from'], /^recipe=web:1:\w+ base=1 web=2$/);
  assert.deepEqual(
    config.rootfs.diff_ids,
    manifest.layers.map(layer => layer.digest),
  );
  assert.deepEqual(config.config.Cmd, ['web']);
});

test('the same packages give the same digest', async t => {
  const [a, b] = [await testLibrary(t), await testLibrary(t)];
  assert.equal((await a.catalog.build(testRecipe)).digest, (await b.catalog.build(testRecipe)).digest);
});

test('builds asked for at the same time are one, and a later one finds it', async t => {
  const { catalog, decisions } = await testLibrary(t);
  const records = await Promise.all([catalog.build(testRecipe), catalog.build(testRecipe)]);
  assert.equal(records[0], records[1]);
  assert.equal((await catalog.build(testRecipe)).digest, records[0]!.digest);
  assert.equal(decisions.since().filter(({ type }) => type === 'image.built').length, 1);
});

test('a build that failed is tried again', async t => {
  const { catalog, packages } = await testLibrary(t);
  packages.failure = new Error('no network');
  await assert.rejects(catalog.build(testRecipe), {
    message: 'the stand-in of web cannot be built: no network',
    cause: packages.failure,
  });
  packages.failure = undefined;
  await catalog.build(testRecipe);
});

test('a recipe of another revision is built anew', async t => {
  const { catalog, blobs, records } = await testLibrary(t);
  const old = await catalog.build(testRecipe);
  assert.ok(await catalog.built(testRecipe));
  assert.equal(await catalog.built({ ...testRecipe, revision: 2 }), undefined);
  await records.put(old);
  await blobs.delete(old.digest);
  assert.equal(await catalog.built(testRecipe), undefined);
});

test('every repository of the catalog is normalised and stands in one recipe only', () => {
  const all = recipes.flatMap(({ repositories }) => repositories);
  for (const repository of all) {
    const { domain, path } = parseReference(repository);
    assert.equal(`${domain}/${path}`, repository);
  }
  assert.equal(new Set(all).size, all.length);
});

test('a folder tree of bytes reads back', async t => {
  const { blobs } = await testLibrary(t);
  const { digest, size } = await blobs.put('0123456789');
  assert.equal(size, 10);
  assert.equal((await bytesOf(blobs.open(digest, { start: 2, end: 4 }))).toString(), '234');
});
