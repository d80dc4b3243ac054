import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { HostPathVolumeSource } from '../../api/generated/types.ts';

const checks: Record<string, { is: (found: Stats) => boolean; words: string }> = {
  Directory: { is: found => found.isDirectory(), words: 'directory' },
  DirectoryOrCreate: { is: found => found.isDirectory(), words: 'directory' },
  File: { is: found => found.isFile(), words: 'file' },
  FileOrCreate: { is: found => found.isFile(), words: 'file' },
  Socket: { is: found => found.isSocket(), words: 'socket file' },
  CharDevice: { is: found => found.isCharacterDevice(), words: 'character device' },
  BlockDevice: { is: found => found.isBlockDevice(), words: 'block device' },
};

/**
 * Checks a hostPath volume against its type and makes what `…OrCreate` asks for; resolves with the path.
 * @throws Error with kubelet's words
 */
export async function prepareHostPath({ path, type = '' }: HostPathVolumeSource): Promise<string> {
  const check = checks[type];
  if (!check) return path;
  if (type === 'DirectoryOrCreate' && !(await found(path)))
    await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate' && !(await found(path))) await (await open(path, 'a', 0o644)).close();
  const present = await found(path);
  if (!present || !check.is(present)) {
    throw new Error(`hostPath type check failed: ${path} is not a ${check.words}`);
  }
  return path;
}

async function found(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
