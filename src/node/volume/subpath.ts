import { chmod, constants, type FileHandle, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Mounts } from './mounts.ts';

/**
 * Makes a part of a volume available at `target`, safely: a container of the pod could swap a directory of
 * the volume for a link to somewhere else while we look. So each component is opened relative to the one
 * before without following links, and what was opened is what gets bound. Directories that are missing are made with
 * the permissions of the volume's root, as the containers' users are not ours.
 * @throws Error for a path that leaves the volume or goes through a link.
 */
export async function bindSubpath(
  volumePath: string,
  subpath: string,
  target: string,
  mounts: Mounts,
): Promise<void> {
  const parts = subpath.split('/').filter(part => part !== '' && part !== '.');
  if (subpath.startsWith('/') || parts.includes('..')) {
    throw new Error(`subPath ${JSON.stringify(subpath)} must not be absolute or contain '..'`);
  }
  let at = await open(volumePath, pathOnly);
  try {
    const mode = (await at.stat()).mode & 0o777;
    for (const [index, part] of parts.entries()) {
      const next = await enter(at, part, index === parts.length - 1, mode);
      await at.close();
      at = next;
    }
    await makeTarget(target, (await at.stat()).isDirectory());
    await mounts.bind(`/proc/${process.pid}/fd/${at.fd}`, target);
  } finally {
    await at.close();
  }
}

const oPath = 0o10000000;
const pathOnly = oPath | constants.O_DIRECTORY;

/** Opens a component below an open directory, making a directory where there is nothing. */
async function enter(parent: FileHandle, part: string, last: boolean, mode: number): Promise<FileHandle> {
  const path = `/proc/self/fd/${parent.fd}/${part}`;
  const flags = oPath | constants.O_NOFOLLOW;
  let made = false;
  const handle = await open(path, flags).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(path, { mode: 0o750 });
    made = true;
    return open(path, flags);
  });
  const found = await handle.stat();
  if (found.isSymbolicLink() || (!last && !found.isDirectory())) {
    await handle.close();
    throw new Error(
      `subpath component ${JSON.stringify(part)} is ${found.isSymbolicLink() ? 'a symbolic link' : 'not a directory'}`,
    );
  }
  // What was opened, by its descriptor; the umask has no say.
  if (made) await chmod(`/proc/self/fd/${handle.fd}`, mode);
  return handle;
}

async function makeTarget(target: string, directory: boolean): Promise<void> {
  await mkdir(directory ? target : dirname(target), { recursive: true, mode: 0o750 });
  if (!directory && !(await stat(target).catch(() => undefined)))
    await writeFile(target, '', { mode: 0o640 });
}
