import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, testLibrary } from './fake-library.ts';
import { digestOf } from './manifest.ts';
import { parseReference } from './reference.ts';

const reference = parseReference;

test('without registries a catalogued name of any tag is a stand-in', async t => {
  const { library } = await testLibrary(t);
  const first = await library.resolve(reference('web'));
  assert.deepEqual(await library.resolve(reference('k8s.gcr.io/web:1.2')), first);
  const listed = await library.list();
  assert.deepEqual(
    listed.map(r => [r.reference, r.origin]),
    [['docker.io/library/web', 'stand-in']],
  );
});

test('what nobody has is told in words that help', async t => {
  const { library } = await testLibrary(t);
  await assert.rejects(library.resolve(reference('ghost:1')), {
    name: 'ImageNotFoundError',
    message:
      'image "ghost:1" is neither imported, nor reachable upstream, nor in the catalog: causeway image import FILE',
  });
});

test('a registry comes before the catalog, and its refusal is final', async t => {
  const { library, upstream } = await testLibrary(t, { upstream: true });
  const digest = upstream.add(reference('web:1'), ['layer']);
  assert.equal((await library.resolve(reference('web:1'))).digest, digest);
  await assert.rejects(library.resolve(reference('web:2')), {
    message: 'image "web:2" cannot be pulled: docker.io answers 404: manifest unknown',
  });
});

test('an unreachable registry leads to the cache, then to the catalog', async t => {
  const { library, upstream, clock } = await testLibrary(t, { upstream: true });
  const digest = upstream.add(reference('web:1'), ['layer']);
  await library.resolve(reference('web:1'));
  upstream.reachable = false;
  await clock.advance(60 * 60 * 1000);
  assert.equal((await library.resolve(reference('web:1'))).digest, digest);
  const standIn = await library.resolve(reference('web:2'));
  assert.notEqual(standIn.digest, digest);
});

test('what a registry gives to some only is asked for each time, for who asks', async t => {
  const { library, upstream, clock } = await testLibrary(t, { upstream: true });
  const digest = upstream.add(reference('web:1'), ['layer']);
  upstream.password = 's';
  const pull = (password?: string) =>
    library.resolve(
      reference('web:1'),
      password === undefined ? {} : { credentials: { username: 'u', password } },
    );
  const forbidden = {
    name: 'ImageForbiddenError',
    message: 'image "web:1" cannot be pulled: docker.io answers 401',
  };
  await assert.rejects(pull(), forbidden);
  assert.equal((await pull('s')).digest, digest);
  await assert.rejects(pull(), forbidden);
  await assert.rejects(pull('t'), forbidden);
  const layer = await library.blob(reference('web:1'), digestOf('layer'), {
    credentials: { username: 'u', password: 's' },
  });
  assert.equal((await bytesOf(layer.open())).toString(), 'layer');
  upstream.reachable = false;
  await assert.rejects(pull('s'), { name: 'ImageNotFoundError', message: /no route to the registry/ });
  upstream.reachable = true;
  upstream.password = undefined;
  assert.equal((await pull()).digest, digest, 'it is public by now');
  upstream.reachable = false;
  await clock.advance(60 * 60 * 1000);
  assert.equal((await pull()).digest, digest);
});

test('a tag is asked for again only after a while', async t => {
  const { library, upstream, clock } = await testLibrary(t, { upstream: true });
  upstream.add(reference('web:1'), ['layer']);
  await library.resolve(reference('web:1'));
  await library.resolve(reference('web:1'));
  assert.equal(upstream.asked.length, 1);
  await clock.advance(60 * 60 * 1000);
  const moved = upstream.add(reference('web:1'), ['another']);
  assert.equal((await library.resolve(reference('web:1'))).digest, moved);
});

test('a manifest asked for by its digest is pulled, and is no image of its own', async t => {
  const { library, upstream } = await testLibrary(t, { upstream: true });
  const digest = upstream.add({ domain: 'quay.io', path: 'a/b', digest: digestOf('unknown') }, ['layer']);
  const pinned = { domain: 'quay.io', path: 'a/b', digest };
  await assert.rejects(library.resolve(pinned), { name: 'ImageNotFoundError' });
  upstream.add(pinned, ['layer']);
  assert.equal((await library.resolve(pinned)).digest, digest);
  assert.deepEqual(await library.list(), []);
});

test('a blob asked for by several comes once from the registry', async t => {
  const { library, upstream } = await testLibrary(t, { upstream: true });
  upstream.add(reference('web:1'), ['layer']);
  const read = async () => bytesOf((await library.blob(reference('web:1'), digestOf('layer'))).open());
  const [a, b] = await Promise.all([read(), read()]);
  assert.deepEqual([a.toString(), b.toString()], ['layer', 'layer']);
  assert.equal(upstream.asked.length, 1);
});

test('a blob whose bytes are wrong is never whole and never kept', async t => {
  const { library, upstream, blobs } = await testLibrary(t, { upstream: true });
  upstream.add(reference('web:1'), ['layer']);
  upstream.corrupt = Buffer.from('LAYER');
  const blob = await library.blob(reference('web:1'), digestOf('layer'));
  const got: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of blob.open()) got.push(chunk);
    },
    { name: 'BlobMismatchError' },
  );
  assert.ok(Buffer.concat(got).length < 5);
  assert.equal(await blobs.has(digestOf('layer')), false);
});

test('an exported image can be imported, goes before all others, and can be removed', async t => {
  const [source, target] = [await testLibrary(t), await testLibrary(t)];
  const archive = await bytesOf(await source.library.export('web:1'));
  const [image] = await target.library.import(one(archive));
  assert.equal(image?.reference, 'docker.io/library/web:1');
  const resolved = await target.library.resolve(reference('web:1'));
  assert.equal(resolved.digest, image?.digest);
  assert.equal((await target.library.list())[0]?.origin, 'imported');
  assert.deepEqual(await target.library.tags('docker.io/library/web'), ['1']);
  assert.equal(await target.library.remove('web:1'), true);
  assert.equal(await target.library.remove('web:1'), false);
  assert.deepEqual(await target.library.list(), []);
});

async function* one(content: Buffer) {
  yield content;
}
