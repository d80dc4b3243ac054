import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const filler = fileURLToPath(new URL('./testing/full-disk-process.ts', import.meta.url));

test('a full disk: writes are rejected, the store says so, and works again once there is room', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-full-'));
  try {
    const script = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$1/store.db"';
    const args = ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, filler];
    const { kept, ...saw } = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as Record<
      string,
      unknown
    >;
    const full = 'the store cannot write: database or disk is full';
    assert.deepEqual(saw, {
      rejected: `StoreUnavailable: ${full}`,
      failure: full,
      again: `StoreUnavailable: ${full}`,
      recovered: true,
      same: true,
    });
    assert.ok(Number(kept) > 40);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
