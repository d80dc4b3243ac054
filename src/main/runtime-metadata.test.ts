import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { RuntimeMetadata } from './runtime-metadata.ts';

let dir = '';
const inBoot = (bootId: string) => new RuntimeMetadata({ dir, bootId });
const content = () => join(dir, 'root', 'content');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'metadata-'));
  const { folder } = inBoot('first').prepare();
  writeFileSync(join(folder, 'meta.db'), 'notes');
  writeFileSync(content(), 'image');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('what was written stays while the machine is up, however the node ended', () => {
  inBoot('first').prepare();
  assert.ok(existsSync(content()));
});

test('what was put on the disk stays', async () => {
  await inBoot('first').settle();
  const { folder } = inBoot('second').prepare();
  assert.ok(existsSync(join(folder, 'meta.db')));
  assert.ok(existsSync(content()));
});

test('what a machine that went down may have left half-written is removed', () => {
  const { folder } = inBoot('second').prepare();
  assert.ok(existsSync(folder));
  assert.ok(!existsSync(join(folder, 'meta.db')));
  assert.ok(!existsSync(content()));
});

test('a node that ended before it had noted anything', async () => {
  const { folder } = inBoot('second').prepare();
  await inBoot('second').settle();
  assert.ok(existsSync(folder));
});

test('the notes of a snapshotter from before are taken along', () => {
  const folder = join(dir, 'root/io.containerd.snapshotter.v1.overlayfs');
  rmSync(join(folder, 'metadata.db'));
  writeFileSync(join(folder, 'metadata.db'), 'snapshots');
  for (let round = 0; round < 2; round++) inBoot('first').prepare();
  assert.equal(readFileSync(join(folder, 'metadata.db'), 'utf8'), 'snapshots');
  assert.equal(readFileSync(join(inBoot('first').prepare().folder, 'snapshots.db'), 'utf8'), 'snapshots');
});
