import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type FakePackage, tarOf } from './catalog/fake-packages.ts';
import { bytesOf, testLibrary } from './fake-library.ts';
import { digestOf, mediaTypes } from './manifest.ts';
import { parseReference } from './reference.ts';

type File = FakePackage['files'][number];
const file = (name: string, content: string): File => ({ name, content });
const json = (name: string, value: unknown): File => file(name, JSON.stringify(value));
const blob = (content: string): File => file(`blobs/sha256/${digestOf(content).slice(7)}`, content);
const described = (mediaType: string, content: string) => ({
  mediaType,
  digest: digestOf(content),
  size: content.length,
});

const dockerManifest = json('manifest.json', [
  { Config: 'c.json', RepoTags: ['nginx:1', 'nginx:2'], Layers: ['a/layer.tar', 'b/layer.tar'] },
]);
const dockerArchive: File[] = [
  file('c.json', '{}'),
  file('a/layer.tar', 'layer'),
  { name: 'b/layer.tar', type: 'symlink', linkname: '../a/layer.tar' },
  dockerManifest,
];

const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: described(mediaTypes.config, '{}'),
  layers: [described(mediaTypes.layer, 'layer')],
});
const ociIndex = (annotations?: Record<string, string>) =>
  json('index.json', {
    schemaVersion: 2,
    manifests: [{ ...described(mediaTypes.manifest, manifest), annotations }],
  });
const ociBlobs = [blob(manifest), blob('{}'), blob('layer')];
const imageName = { 'io.containerd.image.name': 'docker.io/library/nginx:3' };

const accepted: [string, File[], string[], string?][] = [
  ['docker save', dockerArchive, ['docker.io/library/nginx:1', 'docker.io/library/nginx:2']],
  ['OCI layout', [...ociBlobs, ociIndex(imageName)], ['docker.io/library/nginx:3']],
  [
    'docker save of today',
    [
      ociIndex({ 'org.opencontainers.image.ref.name': '1' }),
      ...ociBlobs,
      json('manifest.json', [{ RepoTags: ['me/web:1'] }]),
    ],
    ['docker.io/me/web:1'],
  ],
  [
    'OCI layout with a name of the user',
    [...ociBlobs, ociIndex()],
    ['docker.io/library/mine:latest'],
    'mine',
  ],
];
for (const [what, files, references, name] of accepted) {
  test(`imports ${what}`, async t => {
    const { library } = await testLibrary(t);
    const images = await library.import(tarOf(files), name === undefined ? {} : { name });
    assert.deepEqual(
      images.map(({ reference }) => reference),
      references,
    );
    for (const reference of references) {
      assert.equal((await library.resolve(parseReference(reference))).digest, images[0]!.digest);
    }
  });
}

for (const [what, pack] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`imports an archive packed with ${what}`, async t => {
    const { library } = await testLibrary(t);
    const packed = pack(await bytesOf(tarOf(dockerArchive)));
    assert.equal((await library.import(inPieces(packed))).length, 2);
  });
}

const refused: [string, File[], RegExp][] = [
  ['an archive of something else', [file('readme', 'x')], /no image archive/],
  ['an archive without files', [], /empty/],
  [
    'a missing layer',
    dockerArchive.filter(({ name }) => name !== 'a/layer.tar'),
    /lacks b?\/?a?\/?layer.tar|lacks a\/layer.tar/,
  ],
  ['a missing blob', [...ociBlobs.slice(0, 2), ociIndex(imageName)], /lacks the blob sha256:/],
  [
    'a damaged blob',
    [...ociBlobs.slice(0, 2), { ...blob('layer'), content: 'LAYER' }, ociIndex(imageName)],
    /damaged/,
  ],
  ['an image without a name', [...ociBlobs, ociIndex()], /does not name its image/],
  [
    'a bad name',
    [...ociBlobs, ociIndex({ 'io.containerd.image.name': 'A b' })],
    /cannot be used: invalid reference format/,
  ],
  ['an empty index', [json('index.json', { schemaVersion: 2, manifests: [] })], /no image/],
  ['JSON that is none', [file('manifest.json', '{')], /manifest.json is no JSON/],
  ['a manifest of schema 1', [json('index.json', { schemaVersion: 1 })], /schema version 1/],
];
for (const [what, files, message] of refused) {
  test(`refuses ${what}`, async t => {
    const { library } = await testLibrary(t);
    await assert.rejects(library.import(tarOf(files)), { name: 'ImportError', message });
    assert.deepEqual(await library.list(), []);
  });
}

test('refuses what is cut short, too large, or no archive at all', async t => {
  const { library } = await testLibrary(t);
  const whole = await bytesOf(tarOf(dockerArchive));
  await assert.rejects(library.import(inPieces(whole.subarray(0, 700))), {
    message: /cannot be read|no image archive/,
  });
  await assert.rejects(library.import(inPieces(Buffer.alloc(2048, 'x'))), { name: 'ImportError' });
  await assert.rejects(library.import(inPieces(gzipSync(whole).subarray(0, 50))), {
    message: /cannot be read/,
  });
  await assert.rejects(library.import(inPieces(Buffer.from('BZh91AY'))), { message: /bzip2 or xz/ });
  const limits = { maxBytes: 4, maxEntries: 100 };
  await assert.rejects(library.import(tarOf(dockerArchive), { limits }), { message: /more than 4 bytes/ });
  await assert.rejects(library.import(tarOf(dockerArchive), { limits: { maxBytes: 1e6, maxEntries: 2 } }), {
    message: /more than 2 files/,
  });
});

test('no entry gets out of the store', async t => {
  const { library, path } = await testLibrary(t);
  const evil = [file('../../../evil', 'x'), file('/etc/evil', 'x'), ...dockerArchive];
  await library.import(tarOf(evil));
  assert.deepEqual((await readdir(path)).sort(), ['blobs', 'ingest', 'references']);
  for (const name of await readdir(join(path, 'blobs/sha256'))) assert.match(name, /^[a-f0-9]{64}$/);
});

async function* inPieces(content: Buffer) {
  for (let at = 0; at < content.length; at += 100) yield content.subarray(at, at + 100);
}
