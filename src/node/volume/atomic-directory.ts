import {
  chmod,
  chown,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** A file of a config-like volume. */
export interface VolumeFile {
  data: Buffer;
  mode: number;
  /** Owner, where it is not root. */
  uid?: number;
}

const dataLink = '..data';

/**
 * Writes the files of a volume so that a reader sees either all of the old or all of the new ones: they go to
 * a fresh directory `..<time>`, the link `..data` is moved to it at once, and `name` → `..data/name` never
 * change. Source: kubelet's AtomicWriter. Resolves with false where everything is there already.
 * @throws Error for a path that would leave the volume.
 */
export async function writeAtomically(
  dir: string,
  files: ReadonlyMap<string, VolumeFile>,
  group?: number,
): Promise<boolean> {
  for (const path of files.keys()) validatePath(path);
  await mkdir(dir, { recursive: true });
  const current = await readlink(join(dir, dataLink)).catch(() => undefined);
  if (current !== undefined && (await sameFiles(join(dir, current), files))) return false;
  // `join` would take the dots for the parent directory.
  const fresh = await mkdtemp(`${dir}/..`);
  await chmod(fresh, 0o755);
  for (const [path, file] of files) await writeOne(fresh, path, file, group);
  if (group !== undefined) await own(dir, fresh, group);
  await swap(dir, fresh);
  await linkNames(dir, files);
  if (current !== undefined) await rm(join(dir, current), { recursive: true, force: true });
  return true;
}

function validatePath(path: string): void {
  const parts = path.split('/');
  const escapes = path === '' || path.startsWith('/') || parts.includes('..') || parts[0]!.startsWith('..');
  if (escapes || path.length > 4096) throw new Error(`invalid path: ${JSON.stringify(path)}`);
}

async function writeOne(
  root: string,
  path: string,
  file: VolumeFile,
  group: number | undefined,
): Promise<void> {
  const target = join(root, normalize(path));
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  // With a group of its own, the group may read what the owner may (kubelet's SetVolumeOwnership).
  const mode = group === undefined ? file.mode : file.mode | 0o040;
  await writeFile(target, file.data, { mode });
  // The mode of writeFile is cut by the umask.
  await chmod(target, mode);
  if (file.uid !== undefined || group !== undefined) await chown(target, file.uid ?? 0, group ?? 0);
}

async function own(dir: string, fresh: string, group: number): Promise<void> {
  for (const at of [dir, fresh]) {
    await lchown(at, 0, group);
    await chmod(at, 0o2775);
  }
}

async function swap(dir: string, fresh: string): Promise<void> {
  const temporary = join(dir, '..data_tmp');
  await rm(temporary, { force: true });
  await symlink(fresh.slice(dir.length + 1), temporary);
  await rename(temporary, join(dir, dataLink));
}

/** The visible names; those of files that are gone are removed. */
async function linkNames(dir: string, files: ReadonlyMap<string, VolumeFile>): Promise<void> {
  const wanted = new Set([...files.keys()].map(path => path.split('/')[0]!));
  const present = (await readdir(dir)).filter(name => !name.startsWith('..'));
  for (const name of present) if (!wanted.has(name)) await rm(join(dir, name), { recursive: true });
  for (const name of wanted) {
    if (!present.includes(name)) await symlink(join(dataLink, name), join(dir, name));
  }
}

async function sameFiles(root: string, files: ReadonlyMap<string, VolumeFile>): Promise<boolean> {
  try {
    for (const [path, { data, mode }] of files) {
      const target = join(root, path);
      if (!(await readFile(target)).equals(data)) return false;
      if (((await stat(target)).mode & 0o777 & ~0o040) !== (mode & 0o777 & ~0o040)) return false;
    }
    return (await countFiles(root)) === files.size;
  } catch {
    return false;
  }
}

async function countFiles(root: string): Promise<number> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter(entry => !entry.isDirectory()).length;
}
