import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type VolumeFile, writeAtomically } from './atomic-directory.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-volume-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return join(dir, 'v');
}

function files(contents: Record<string, string>, mode = 0o644): Map<string, VolumeFile> {
  return new Map(Object.entries(contents).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
}

test('files appear under names that stay, and change all at once', async t => {
  const dir = folder(t);
  assert.equal(await writeAtomically(dir, files({ a: '1', 'deep/er/b': '2' })), true);
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '1');
  assert.equal(readFileSync(join(dir, 'deep/er/b'), 'utf8'), '2');
  assert.equal(readlinkSync(join(dir, 'a')), '..data/a');
  const first = readlinkSync(join(dir, '..data'));

  assert.equal(await writeAtomically(dir, files({ a: '1', 'deep/er/b': '2' })), false);
  assert.equal(readlinkSync(join(dir, '..data')), first);

  assert.equal(await writeAtomically(dir, files({ a: '3', c: '4' })), true);
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '3');
  assert.deepEqual(
    readdirSync(dir)
      .filter(name => !name.startsWith('..'))
      .sort(),
    ['a', 'c'],
  );
  assert.equal(readdirSync(dir).filter(name => name.startsWith('..')).length, 2);
});

test('modes are as asked, whatever the umask', async t => {
  const dir = folder(t);
  const umask = process.umask(0o077);
  try {
    await writeAtomically(dir, files({ a: '1' }, 0o644));
  } finally {
    process.umask(umask);
  }
  assert.equal(statSync(join(dir, 'a')).mode & 0o777, 0o644);
  assert.equal(await writeAtomically(dir, files({ a: '1' }, 0o600)), true);
  assert.equal(statSync(join(dir, 'a')).mode & 0o777, 0o600);
});

test('no file leaves the volume', async t => {
  const dir = folder(t);
  for (const path of ['', '/etc/x', '../x', 'a/../../x', '..data/x']) {
    await assert.rejects(writeAtomically(dir, files({ [path]: '1' })), /invalid path/, path);
  }
});
