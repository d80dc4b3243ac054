import { posix } from 'node:path';
import { PassThrough, pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { BlobStore, StoredBlob } from './blob-store.ts';
import {
  childrenOf,
  type Descriptor,
  type ImageIndex,
  isIndex,
  isObject,
  type Manifest,
  maxManifestBytes,
  mediaTypes,
  parseManifest,
} from './manifest.ts';
import type { ImageRecord } from './record-store.ts';
import { formatReference, InvalidReferenceError, parseReference } from './reference.ts';
import { tarEntries } from './tar.ts';

/** What is wrong with an archive, for its user. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

export interface ImportLimits {
  /** Of the archive's files together, unpacked. */
  maxBytes: number;
  maxEntries: number;
}

export type ImportedImage = Pick<ImageRecord, 'reference' | 'digest' | 'mediaType' | 'size'>;

const defaultLimits: ImportLimits = { maxBytes: 32 * 1024 ** 3, maxEntries: 100_000 };

/** The files of an archive, now blobs, by their path in it. */
type ArchiveFiles = Map<string, StoredBlob>;

/**
 * Reads an archive of `docker save` or of the OCI image layout into the store. Nothing of it becomes a path:
 * each file is a blob under its digest, so no entry can get out of the store's folder.
 * @param options.name the reference of an archive's only image, where the archive gives none or another one.
 * @throws ImportError
 */
export async function importArchive(
  blobs: BlobStore,
  archive: AsyncIterable<Uint8Array>,
  options: { name?: string; limits?: ImportLimits } = {},
): Promise<ImportedImage[]> {
  const files = await readFiles(blobs, archive, options.limits ?? defaultLimits);
  const found = files.has('index.json')
    ? await ociImages(blobs, files)
    : files.has('manifest.json')
      ? await dockerImages(blobs, files)
      : undefined;
  if (!found) {
    throw new ImportError(
      'this is no image archive: it has neither an index.json (OCI) nor a manifest.json (docker save)',
    );
  }
  const images = named(found, options.name);
  const sized: ImportedImage[] = [];
  for (const { reference, digest, mediaType } of images) {
    const size = await completeSize(blobs, digest, reference);
    sized.push({ reference, digest, mediaType, size });
  }
  return sized;
}

interface FoundImage {
  /** As the archive gives it; undefined where it gives none. */
  name: string | undefined;
  digest: string;
  mediaType: string;
}

/** Normalises the names; an image without one needs the user's. */
function named(found: FoundImage[], name: string | undefined): (FoundImage & { reference: string })[] {
  if (name !== undefined) {
    const digests = new Set(found.map(image => image.digest));
    if (digests.size !== 1)
      throw new ImportError(`the archive has ${digests.size} images: a name can be given to one only`);
    return [{ ...found[0]!, reference: normalised(name) }];
  }
  const images = found.flatMap(image =>
    image.name === undefined ? [] : [{ ...image, reference: normalised(image.name) }],
  );
  if (images.length === 0)
    throw new ImportError('the archive does not name its image: give it a name with --as');
  return images;
}

function normalised(name: string): string {
  try {
    return formatReference(parseReference(name));
  } catch (cause) {
    if (!(cause instanceof InvalidReferenceError)) throw cause;
    throw new ImportError(`the image's name "${name}" cannot be used: ${cause.message}`, { cause });
  }
}

async function readFiles(
  blobs: BlobStore,
  archive: AsyncIterable<Uint8Array>,
  limits: ImportLimits,
): Promise<ArchiveFiles> {
  const files: ArchiveFiles = new Map();
  const links: [path: string, target: string][] = [];
  let left = limits.maxBytes;
  let entries = 0;
  try {
    for await (const { header, content, skip } of tarEntries(decompressed(archive))) {
      if (++entries > limits.maxEntries)
        throw new ImportError(`the archive has more than ${limits.maxEntries} files`);
      const path = cleanPath(header.name);
      if (header.type === 'file') {
        if (header.size > left)
          throw new ImportError(`the archive unpacks to more than ${limits.maxBytes} bytes`);
        left -= header.size;
        files.set(path, await blobs.ingest(content, { size: header.size }));
        continue;
      }
      skip();
      // `docker save` writes a layer that occurs twice as a link to the first.
      if (header.type === 'symlink')
        links.push([path, cleanPath(posix.join(posix.dirname(path), header.linkname))]);
      if (header.type === 'link') links.push([path, cleanPath(header.linkname)]);
    }
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    throw new ImportError(`the archive cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (entries === 0) throw new ImportError('the archive is empty');
  for (const [path, target] of links) {
    const file = files.get(target);
    if (file) files.set(path, file);
  }
  return files;
}

/** gzip and zstd are told by their first bytes. */
async function* decompressed(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = archive[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  const whole = async function* () {
    yield head;
    yield* rest;
  };
  const unpack = decompressor(head);
  if (!unpack) {
    yield* whole();
    return;
  }
  const output = new PassThrough();
  // An error reaches the reader through `output`.
  pipeline(Readable.from(whole(), { objectMode: false }), unpack, output, () => {});
  yield* output;
}

function decompressor(head: Buffer) {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip();
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress();
  if (head.subarray(0, 3).toString('latin1') === 'BZh' || head.subarray(1, 4).toString('latin1') === '7zX') {
    throw new ImportError('the archive is compressed with bzip2 or xz: unpack it, or use gzip or zstd');
  }
  return undefined;
}

async function ociImages(blobs: BlobStore, files: ArchiveFiles): Promise<FoundImage[]> {
  for (const [path, { digest }] of files) {
    const match = /^blobs\/sha256\/([a-f0-9]{64})$/.exec(path);
    if (match && digest !== `sha256:${match[1]}`) {
      throw new ImportError(`the archive is damaged: ${path} has the digest ${digest}`);
    }
  }
  const index = await readManifest(blobs, files, 'index.json');
  if (!isIndex(index)) throw new ImportError('index.json is no image index');
  if (index.manifests.length === 0)
    throw new ImportError('the archive holds no image: its index.json is empty');
  const tags = await repositoryTags(blobs, files);
  return index.manifests.flatMap(({ digest, mediaType, annotations }) => {
    const own = annotations?.['io.containerd.image.name'] ?? referenceName(annotations);
    const names = own === undefined ? (tags.length === 0 ? [undefined] : tags) : [own];
    return names.map(name => ({ name, digest, mediaType }));
  });
}

/** `ref.name` may be a bare tag (the layout's specification allows it): then it is no name. */
function referenceName(annotations: Record<string, string> | undefined): string | undefined {
  const name = annotations?.['org.opencontainers.image.ref.name'];
  return name !== undefined && /[/:]/.test(name) ? name : undefined;
}

/** The tags that `docker save` writes beside an OCI layout, where the archive has one image. */
async function repositoryTags(blobs: BlobStore, files: ArchiveFiles): Promise<string[]> {
  const file = files.get('manifest.json');
  if (!file) return [];
  const value = await readJson(blobs, file, 'manifest.json');
  if (!Array.isArray(value) || value.length !== 1 || !isObject(value[0])) return [];
  return stringList(value[0].RepoTags);
}

async function dockerImages(blobs: BlobStore, files: ArchiveFiles): Promise<FoundImage[]> {
  const value = await readJson(blobs, files.get('manifest.json')!, 'manifest.json');
  if (!Array.isArray(value) || value.length === 0) throw new ImportError('manifest.json lists no image');
  const found: FoundImage[] = [];
  for (const image of value as unknown[]) {
    if (!isObject(image) || typeof image.Config !== 'string' || !Array.isArray(image.Layers)) {
      throw new ImportError('manifest.json has an image without Config or Layers');
    }
    const layers = stringList(image.Layers).map(path => descriptor(files, path, mediaTypes.layer));
    const config = descriptor(files, image.Config, mediaTypes.config);
    const manifest: Manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
    const { digest } = await blobs.put(JSON.stringify(manifest));
    const names = stringList(image.RepoTags);
    for (const name of names.length === 0 ? [undefined] : names) {
      found.push({ name, digest, mediaType: mediaTypes.manifest });
    }
  }
  return found;
}

function descriptor(files: ArchiveFiles, path: string, mediaType: string): Descriptor {
  const blob = files.get(cleanPath(path));
  if (!blob) throw new ImportError(`the archive lacks ${path}, which its manifest.json names`);
  return { mediaType, ...blob };
}

/**
 * The bytes of an image whose blobs are all here. Of an index only the platforms that are here count, and at
 * least one must be.
 */
async function completeSize(blobs: BlobStore, digest: string, reference: string): Promise<number> {
  const size = await blobs.size(digest);
  if (size === undefined) throw new ImportError(`the archive lacks the manifest ${digest} of ${reference}`);
  const manifest = parseBlob(await blobs.read(digest, maxManifestBytes), digest);
  let sum = size;
  let platforms = 0;
  for (const child of childrenOf(manifest)) {
    if (isIndex(manifest)) {
      if (!(await blobs.has(child.digest))) continue;
      sum += await completeSize(blobs, child.digest, reference);
      platforms++;
      continue;
    }
    const there = await blobs.size(child.digest);
    if (there === undefined)
      throw new ImportError(`the archive lacks the blob ${child.digest} of ${reference}`);
    sum += there;
  }
  if (isIndex(manifest) && platforms === 0)
    throw new ImportError(`the archive has no platform of ${reference}`);
  return sum;
}

async function readManifest(
  blobs: BlobStore,
  files: ArchiveFiles,
  path: string,
): Promise<Manifest | ImageIndex> {
  return parseBlob(await readSmall(blobs, files.get(path)!, path), path);
}

function parseBlob(content: Buffer, what: string): Manifest | ImageIndex {
  try {
    return parseManifest(content);
  } catch (cause) {
    throw new ImportError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

async function readJson(blobs: BlobStore, file: StoredBlob, path: string): Promise<unknown> {
  try {
    return JSON.parse((await readSmall(blobs, file, path)).toString('utf8'));
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    throw new ImportError(`${path} is no JSON`, { cause });
  }
}

function readSmall(blobs: BlobStore, file: StoredBlob, path: string): Promise<Buffer> {
  if (file.size > maxManifestBytes) throw new ImportError(`${path} is larger than 4 MiB`);
  return blobs.read(file.digest, maxManifestBytes);
}

function cleanPath(path: string): string {
  return posix.normalize(`/${path}`).slice(1).replace(/\/$/, '');
}

function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
