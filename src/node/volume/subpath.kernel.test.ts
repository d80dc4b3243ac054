import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock as clock } from '../../base/clock.ts';
import { inOwnNamespaces } from '../../cri/test-runtime.ts';
import { SystemCommands } from '../../kernel/command.ts';
import { LinuxMounts } from './mounts.ts';
import { bindSubpath } from './subpath.ts';

if (await inOwnNamespaces(import.meta.url)) {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-subpath-'));
  const mounts = new LinuxMounts({ commands: new SystemCommands({ clock }) });
  after(async () => {
    await mounts.unmount(dir);
    rmSync(dir, { recursive: true });
  });
  const volume = join(dir, 'volume');
  mkdirSync(join(volume, 'a/b'), { recursive: true });
  writeFileSync(join(volume, 'a/b/file'), 'inside');
  symlinkSync('/etc', join(volume, 'out'));
  symlinkSync('/etc/passwd', join(volume, 'a/passwd'));

  test('directories and files of a volume are bound', async () => {
    await bindSubpath(volume, 'a/b', join(dir, 't/0'), mounts);
    assert.equal(readFileSync(join(dir, 't/0/file'), 'utf8'), 'inside');
    await bindSubpath(volume, 'a/b/file', join(dir, 't/1'), mounts);
    assert.equal(readFileSync(join(dir, 't/1'), 'utf8'), 'inside');
  });

  test('a directory that is not there is made inside the volume, as open as its root', async () => {
    chmodSync(volume, 0o777);
    await bindSubpath(volume, 'new/deep', join(dir, 't/2'), mounts);
    writeFileSync(join(dir, 't/2/x'), 'y');
    assert.equal(readFileSync(join(volume, 'new/deep/x'), 'utf8'), 'y');
    for (const made of ['new', 'new/deep']) assert.equal(statSync(join(volume, made)).mode & 0o7777, 0o777);
  });

  test('no link leads out, no path up', async () => {
    for (const path of ['out', 'out/hostname', 'a/passwd', '../x', '/etc', 'a/../../x', 'a/b/file/x']) {
      await assert.rejects(bindSubpath(volume, path, join(dir, 't/bad'), mounts), Error, path);
    }
    assert.deepEqual(await mounts.below(join(dir, 't/bad')), []);
  });

  test('a tmpfs is mounted once, with its size', async () => {
    const path = join(dir, 'memory');
    mkdirSync(path);
    await mounts.tmpfs(path, 1024 * 1024);
    await mounts.tmpfs(path, 1024 * 1024);
    assert.deepEqual(await mounts.below(path), [path]);
    assert.throws(() => writeFileSync(join(path, 'big'), Buffer.alloc(2 * 1024 * 1024)), { code: 'ENOSPC' });
  });
}
