import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { BlobStore } from './blob-store.ts';
import { Catalog } from './catalog/catalog.ts';
import { FakePackages } from './catalog/fake-packages.ts';
import type { Recipe } from './catalog/recipe.ts';
import { FakeUpstream } from './fake-upstream.ts';
import { ImageLibrary } from './image-library.ts';
import { RecordStore } from './record-store.ts';

export const testRecipe: Recipe = {
  name: 'web',
  repositories: ['docker.io/library/web', 'k8s.gcr.io/web'],
  revision: 1,
  packages: [['base'], ['web']],
  collect: /^etc\/certs\//,
  files: ({ collected, version }) => [
    { path: 'etc/bundle', content: [...collected.values()].join('') },
    { path: 'etc/version', content: version('web') },
    { path: 'usr/bin/sh', link: 'dash' },
  ],
  config: { Cmd: ['web'], Env: ['PATH=/bin'] },
};

export function testPackages(): FakePackages {
  return new FakePackages([
    {
      name: 'base',
      version: '1',
      files: [
        { name: './bin/' },
        { name: './bin/dash', content: 'dash' },
        { name: './bin/ash', type: 'link', linkname: './bin/dash' },
        { name: './usr/share/man/man1/dash.1', content: 'left out' },
        { name: './usr/share/doc/base/copyright', content: 'licence' },
        { name: './etc/certs/a.crt', content: 'A' },
      ],
    },
    { name: 'web', version: '2', depends: ['base'], files: [{ name: './usr/sbin/web', content: 'web' }] },
  ]);
}

/** A library on a folder that goes with the test, over fakes. */
export async function testLibrary(t: TestContext, options: { upstream: boolean } = { upstream: false }) {
  const path = await mkdtemp(join(tmpdir(), 'causeway-images-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  const clock = new FakeClock();
  const log = silentLogger;
  const decisions = new DecisionLog(clock, 'test');
  const blobs = new BlobStore({ clock }, { path });
  const records = new RecordStore({ path });
  const packages = testPackages();
  const catalog = new Catalog({ clock, log, decisions, blobs, records, packages }, { recipes: [testRecipe] });
  const upstream = new FakeUpstream();
  const deps = { clock, log, decisions, blobs, records, catalog };
  const library = new ImageLibrary({ ...deps, ...(options.upstream && { upstream }) });
  return { ...deps, path, packages, upstream, library };
}

export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
