import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Backup, readBackup, writeBackup } from './backup-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-backup-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const backup: Backup = {
  cluster: 'dev',
  createdAt: '2026-01-01T00:00:00Z',
  revision: 42,
  entries: [
    ['/core/configmaps/default/a', '{"data":{"x":"line\\nbreak"}}'],
    ['/core/configmaps/default/ä', '{}'],
  ],
};

test('a backup is read as it was written, readable by its owner only, and leaves nothing beside it', () => {
  const path = join(folder, 'whole');
  writeBackup(path, backup);
  assert.deepEqual(readBackup(path), backup);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['whole']);
  writeBackup(path, { ...backup, entries: [] });
  assert.deepEqual(readBackup(path).entries, []);
});

test('what is no whole backup is refused, with the reason', () => {
  const path = join(folder, 'changed');
  writeBackup(path, backup);
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const rows: [string, string, RegExp][] = [
    ['changed', text.replace('break', 'brook'), /is damaged/],
    ['cut off', text.slice(0, -30), /is damaged/],
    ['a line less', [...lines.slice(0, 1), ...lines.slice(2)].join('\n'), /is damaged/],
    ['the checksum alone is missing', `${lines.slice(0, -2).join('\n')}\n`, /is damaged/],
    ['empty', '', /is no backup/],
    ['something else', 'apiVersion: v1\n', /is no backup/],
    ['later', text.replace('"version":1', '"version":2'), /later version/],
  ];
  for (const [title, content, message] of rows) {
    writeFileSync(path, content);
    assert.throws(() => readBackup(path), message, title);
  }
  assert.throws(() => readBackup(join(folder, 'nowhere')), /there is no file/);
});
