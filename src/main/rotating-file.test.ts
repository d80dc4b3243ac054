import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../base/log.ts';
import { RotatingFile } from './rotating-file.ts';

test('lines go to a file of their owner alone, which is begun anew when it is full', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-rotating-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'audit.log');
  const file = new RotatingFile({ log: silentLogger }, { path, maxBytes: 10, keep: 2, maxWaiting: 20 });
  for (const line of ['first', 'second', 'third', 'fourth']) {
    file.write(line);
    await file.flush();
  }
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(readFileSync(path, 'utf8'), 'fourth\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'third\n');
  assert.equal(readFileSync(`${path}.2`, 'utf8'), 'second\n');
  assert.equal(existsSync(`${path}.3`), false);
});

test('what cannot be kept in memory is dropped', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-rotating-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'audit.log');
  const file = new RotatingFile({ log: silentLogger }, { path, maxWaiting: 8 });
  for (const line of ['12345', '678', '9']) file.write(line);
  await file.flush();
  assert.equal(readFileSync(path, 'utf8'), '12345\n678\n');
});
