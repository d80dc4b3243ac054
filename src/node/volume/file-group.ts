import { chmod, chown, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a volume and all in it belong to a pod's fsGroup, as kubelet does: readable and writable by the group,
 * and folders hand it on. One whose top belongs to it already is left alone.
 */
export async function applyGroup(path: string, group: number): Promise<void> {
  const top = await lstat(path);
  if (top.gid === group && (top.mode & 0o2070) === 0o2070) return;
  for (const name of await readdir(path, { recursive: true })) await give(join(path, name), group);
  // Last: one that was interrupted is done again.
  await give(path, group);
}

async function give(path: string, group: number): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) {
    await lchown(path, found.uid, group);
    return;
  }
  await chown(path, found.uid, group);
  const more = found.isDirectory() ? 0o2770 : 0o660;
  await chmod(path, (found.mode & 0o7777) | more);
}
