import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream, type ReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isDigest } from './manifest.ts';

export interface StoredBlob {
  digest: string;
  /** Bytes. */
  size: number;
}

/** A blob whose bytes are not those its digest or size promised. */
export class BlobMismatchError extends Error {
  override readonly name = 'BlobMismatchError';
}

/** Left-over files of writers that died are removed after this long. */
const abandonedAfter = 24 * 60 * 60 * 1000;

/**
 * Blobs on disk under the digest of their content: `blobs/sha256/<hex>`. A blob is written beside, synced and
 * renamed, so that one that is there is whole; several processes may write and read the same folder.
 */
export class BlobStore {
  readonly #clock: Clock;
  readonly #blobs: string;
  readonly #ingest: string;
  #ready: Promise<void> | undefined;

  constructor(deps: { clock: Clock }, options: { path: string }) {
    this.#clock = deps.clock;
    this.#blobs = join(options.path, 'blobs', 'sha256');
    this.#ingest = join(options.path, 'ingest');
  }

  /** Size in bytes; undefined where the blob is not there. */
  async size(digest: string): Promise<number | undefined> {
    try {
      return (await stat(this.#path(digest))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async has(digest: string): Promise<boolean> {
    return (await this.size(digest)) !== undefined;
  }

  /** The whole content of a small blob. @throws Error where it is missing or above `maxBytes`. */
  async read(digest: string, maxBytes: number): Promise<Buffer> {
    const size = await this.size(digest);
    if (size === undefined) throw new Error(`blob ${digest} is not here`);
    if (size > maxBytes) throw new Error(`blob ${digest} has ${size} bytes, at most ${maxBytes} are read`);
    return readFile(this.#path(digest));
  }

  /** A stream of the bytes `start` to `end` (both included). */
  open(digest: string, range: { start?: number; end?: number } = {}): ReadStream {
    return createReadStream(this.#path(digest), { ...range, highWaterMark: 256 * 1024 });
  }

  /** Writes `content` under its digest. */
  async put(content: Uint8Array | string): Promise<StoredBlob> {
    const writer = await this.begin();
    await writer.write(typeof content === 'string' ? Buffer.from(content) : content);
    return writer.commit();
  }

  /**
   * Writes a stream. @param expected what the bytes must be, and how many of them are taken at most.
   * @throws BlobMismatchError
   */
  async ingest(
    source: AsyncIterable<Uint8Array>,
    expected: { digest?: string; size?: number; maxBytes?: number } = {},
  ): Promise<StoredBlob> {
    const writer = await this.begin(expected);
    try {
      for await (const chunk of source) await writer.write(chunk);
      return await writer.commit();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  /** A writer for one blob; end it with `commit` or `abort`. */
  async begin(expected: { digest?: string; size?: number; maxBytes?: number } = {}): Promise<BlobWriter> {
    this.#ready ??= this.#prepare();
    await this.#ready;
    const path = join(this.#ingest, `${process.pid}-${randomBytes(8).toString('hex')}`);
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    return new BlobWriter(handle, path, expected, digest => this.#path(digest));
  }

  async delete(digest: string): Promise<void> {
    await rm(this.#path(digest), { force: true });
  }

  /** Deletes the blobs that are not in `wanted` and were not written during the last `graceMs`. */
  async sweep(wanted: ReadonlySet<string>, graceMs: number): Promise<StoredBlob[]> {
    const removed: StoredBlob[] = [];
    for (const hex of await readdir(this.#blobs).catch(() => [])) {
      const digest = `sha256:${hex}`;
      if (wanted.has(digest) || !isDigest(digest)) continue;
      const info = await stat(this.#path(digest)).catch(() => undefined);
      if (!info || this.#clock.now() - info.mtimeMs < graceMs) continue;
      await this.delete(digest);
      removed.push({ digest, size: info.size });
    }
    return removed;
  }

  /** Marks a blob as just used, so that a sweep under way leaves it. */
  async touch(digest: string): Promise<void> {
    const now = this.#clock.now() / 1000;
    await utimes(this.#path(digest), now, now);
  }

  #path(digest: string): string {
    if (!isDigest(digest)) throw new Error(`no digest of a blob: ${digest}`);
    return join(this.#blobs, digest.slice('sha256:'.length));
  }

  async #prepare(): Promise<void> {
    await mkdir(this.#blobs, { recursive: true, mode: 0o755 });
    await mkdir(this.#ingest, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#ingest)) {
      const path = join(this.#ingest, name);
      const info = await stat(path).catch(() => undefined);
      if (info && this.#clock.now() - info.mtimeMs > abandonedAfter) await rm(path, { force: true });
    }
  }
}

/** Takes the bytes of one blob. Nothing is visible in the store before `commit`. */
export class BlobWriter {
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #expected: { digest?: string; size?: number; maxBytes?: number };
  readonly #pathOf: (digest: string) => string;
  readonly #hash = createHash('sha256');
  #size = 0;
  #open = true;

  constructor(
    handle: FileHandle,
    temporary: string,
    expected: { digest?: string; size?: number; maxBytes?: number },
    pathOf: (digest: string) => string,
  ) {
    this.#handle = handle;
    this.#temporary = temporary;
    this.#expected = expected;
    this.#pathOf = pathOf;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.length;
    const limit = this.#expected.size ?? this.#expected.maxBytes;
    if (limit !== undefined && this.#size > limit) {
      throw new BlobMismatchError(`more than the ${limit} bytes announced or allowed came`);
    }
    this.#hash.update(chunk);
    for (let offset = 0; offset < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, offset);
      offset += bytesWritten;
    }
  }

  /** Makes the blob visible and durable. @throws BlobMismatchError where it is not what was expected. */
  async commit(): Promise<StoredBlob> {
    const digest = `sha256:${this.#hash.digest('hex')}`;
    const { digest: wanted, size } = this.#expected;
    if (size !== undefined && size !== this.#size) {
      throw new BlobMismatchError(`${this.#size} bytes came where ${size} were announced`);
    }
    if (wanted !== undefined && wanted !== digest) {
      throw new BlobMismatchError(`the content has the digest ${digest}, not ${wanted}`);
    }
    await this.#handle.datasync();
    await this.#close();
    await rename(this.#temporary, this.#pathOf(digest));
    return { digest, size: this.#size };
  }

  async abort(): Promise<void> {
    await this.#close();
    await rm(this.#temporary, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
