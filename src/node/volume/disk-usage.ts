import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** `stat` counts blocks of so many bytes, whatever the file system's are. */
const blockSize = 512;

/**
 * Bytes that a folder takes up on its file system, sparse files as what they hold, files with several names once.
 * What goes while it is looked at counts nothing. One entry at a time: a full folder is nobody's hurry.
 */
export async function diskUsage(folder: string): Promise<number> {
  const seen = new Set<number>();
  const { dev } = await lstat(folder);
  const measure = async (path: string): Promise<number> => {
    const found = await lstat(path).catch(ignoreMissing);
    if (!found || found.dev !== dev) return 0;
    if (found.nlink > 1 && !found.isDirectory()) {
      if (seen.has(found.ino)) return 0;
      seen.add(found.ino);
    }
    let bytes = found.blocks * blockSize;
    if (!found.isDirectory()) return bytes;
    const entries = await opendir(path).catch(ignoreMissing);
    for await (const { name } of entries ?? []) bytes += await measure(join(path, name));
    return bytes;
  };
  return measure(folder);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
