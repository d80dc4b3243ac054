import { posix } from 'node:path';
import type { BlobStore, StoredBlob } from '../blob-store.ts';
import {
  addEntry,
  chunksOf,
  type Header,
  type Pack,
  pack,
  streamEntry,
  type TarEntry,
  tarEntries,
} from '../tar.ts';
import type { DistributionPackage } from './packages.ts';

/** A file of ours in an image. A folder has neither `content` nor `link`. */
export interface LayerFile {
  /** Without the leading slash: `etc/passwd`. */
  path: string;
  content?: string | Uint8Array;
  /** Target of a symbolic link. */
  link?: string;
  /** 0644 for a file, 0755 for a folder where nothing is said. */
  mode?: number;
  uid?: number;
  gid?: number;
}

export interface PackageLayer extends StoredBlob {
  /** The files that `collect` matched, by path. */
  collected: Map<string, Buffer>;
  /** Newest modification time of a file, milliseconds since the Unix epoch. */
  newest: number;
}

/** Of no use in a container. Copyright files stay, as the licences ask for. */
const leftOut =
  /^(usr\/share\/(man|info|locale|lintian|doc-base|bash-completion|zsh|vim|apport|bug|menu|pixmaps|gtk-doc)\/|usr\/lib\/(systemd|init)\/|usr\/lib\/[^/]+\/gconv\/|etc\/(init\.d|logrotate\.d|ufw|cron\.[a-z]+|update-motd\.d)\/|usr\/share\/doc\/(?!.*\/copyright$).*[^/]$)/;

/** The folders of the old layout that are links into /usr since Debian 12 and Ubuntu 20. */
const merged = ['bin', 'lib', 'lib64', 'sbin'];

/**
 * Writes one layer with the files of packages, in the packages' order, streaming. The same packages always
 * give the same bytes.
 */
export async function packageLayer(
  blobs: BlobStore,
  packages: readonly DistributionPackage[],
  options: { mergedUsr: boolean; collect?: RegExp; signal?: AbortSignal },
): Promise<PackageLayer> {
  const tar = pack();
  const stored = blobs.ingest(chunksOf(tar));
  const written = new Set<string>();
  const collected = new Map<string, Buffer>();
  let newest = 0;
  try {
    if (options.mergedUsr) await addMergedFolders(tar, written);
    for (const source of packages) {
      for await (const entry of tarEntries(source.open(options.signal))) {
        const header = placed(entry.header, options.mergedUsr);
        if (skip(header, written)) {
          entry.skip();
          continue;
        }
        newest = Math.max(newest, header.mtime.getTime());
        if (options.collect?.test(header.name)) {
          const content = await readAll(entry.content);
          collected.set(header.name, content);
          await addEntry(tar, header, content);
        } else await copyEntry(tar, header, entry);
      }
    }
    tar.finalize();
    return { ...(await stored), collected, newest };
  } catch (error) {
    tar.destroy(error as Error);
    await stored.catch(() => {});
    throw error;
  }
}

/** Writes one layer with files of ours. */
export async function fileLayer(
  blobs: BlobStore,
  files: readonly LayerFile[],
  mtime: number,
): Promise<StoredBlob> {
  const tar = pack();
  const stored = blobs.ingest(chunksOf(tar));
  const add = async () => {
    for (const file of files) {
      const type = file.link !== undefined ? 'symlink' : file.content !== undefined ? 'file' : 'directory';
      const { path: name, mode = type === 'file' ? 0o644 : 0o755, uid = 0, gid = 0 } = file;
      const header = {
        name,
        type,
        mode,
        uid,
        gid,
        linkname: file.link ?? '',
        mtime: new Date(mtime),
      } as const;
      await addEntry(tar, header, file.content === undefined ? undefined : Buffer.from(file.content));
    }
    tar.finalize();
  };
  const [blob] = await Promise.all([stored, add()]);
  return blob;
}

type PlacedHeader = Omit<Header, 'uname' | 'gname' | 'devmajor' | 'devminor'>;

/** The entry's header with its path in the image and nothing that differs from build to build. */
function placed(header: Header, mergedUsr: boolean): PlacedHeader {
  const place = (path: string) => {
    const name = posix
      .normalize(path)
      .replace(/^(\.\/|\/)+/, '')
      .replace(/\/$/, '');
    return mergedUsr && merged.includes(name.split('/', 1)[0]!) ? `usr/${name}` : name;
  };
  const { type, mode, uid, gid, size, mtime, linkname } = header;
  const target = type === 'link' && linkname ? place(linkname) : linkname;
  return { name: place(header.name), type, mode, uid, gid, size, mtime, linkname: target };
}

function skip(header: PlacedHeader, written: Set<string>): boolean {
  const { name, type } = header;
  if (name === '' || name === '.') return true;
  if (leftOut.test(type === 'directory' ? `${name}/` : name)) return true;
  if (written.has(name)) return true;
  written.add(name);
  return false;
}

async function addMergedFolders(tar: Pack, written: Set<string>): Promise<void> {
  const mtime = new Date(0);
  for (const name of ['usr', ...merged.map(folder => `usr/${folder}`)]) {
    written.add(name);
    await addEntry(tar, { name, type: 'directory', mode: 0o755, mtime });
  }
  for (const name of merged) {
    written.add(name);
    await addEntry(tar, { name, type: 'symlink', linkname: `usr/${name}`, mode: 0o777, mtime });
  }
}

async function copyEntry(tar: Pack, header: PlacedHeader, entry: TarEntry): Promise<void> {
  if (header.type === 'file') {
    await streamEntry(tar, header, entry.content);
    return;
  }
  entry.skip();
  await addEntry(tar, header);
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
