import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './blob-store.ts';

/** Where an image came from: a user's archive, a registry, or the catalog. */
export type ImageOrigin = 'imported' | 'upstream' | 'stand-in';

export const imageOrigins: readonly ImageOrigin[] = ['imported', 'upstream', 'stand-in'];

/** A reference that is held here. */
export interface ImageRecord {
  /** Normalised, with its tag: `docker.io/library/nginx:latest`; for a stand-in the repository alone. */
  reference: string;
  origin: ImageOrigin;
  /** Of the manifest or the index. */
  digest: string;
  mediaType: string;
  /** Bytes of all its blobs that are held here when it was recorded. */
  size: number;
  /** Milliseconds since the Unix epoch. */
  time: number;
  /** Its registry gives it to those only whom it knows: they are asked who they are each time. */
  private?: boolean;
  /** What a stand-in was made of: its recipe's revision and the packages' names and versions. */
  builtFrom?: string[];
}

/**
 * The references held, one small JSON file each: `references/<origin>/<sha256 of the reference>.json`. Written
 * beside and renamed, so that processes that share the folder see whole records only.
 */
export class RecordStore {
  readonly #folder: string;

  constructor(options: { path: string }) {
    this.#folder = join(options.path, 'references');
  }

  async get(origin: ImageOrigin, reference: string): Promise<ImageRecord | undefined> {
    return readRecord(this.#path(origin, reference));
  }

  async put(record: ImageRecord): Promise<void> {
    const path = this.#path(record.origin, record.reference);
    await mkdir(join(this.#folder, record.origin), { recursive: true, mode: 0o755 });
    const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.new`;
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await handle.writeFile(JSON.stringify(record));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  }

  async delete(origin: ImageOrigin, reference: string): Promise<void> {
    await rm(this.#path(origin, reference), { force: true });
  }

  /** All records, by reference and origin. */
  async list(): Promise<ImageRecord[]> {
    const records: ImageRecord[] = [];
    for (const origin of imageOrigins) {
      const folder = join(this.#folder, origin);
      for (const name of await readdir(folder).catch(() => [])) {
        const record = name.endsWith('.json') ? await readRecord(join(folder, name)) : undefined;
        if (record) records.push(record);
      }
    }
    return records.sort((a, b) => (a.reference + a.origin < b.reference + b.origin ? -1 : 1));
  }

  #path(origin: ImageOrigin, reference: string): string {
    return join(this.#folder, origin, `${createHash('sha256').update(reference).digest('hex')}.json`);
  }
}

async function readRecord(path: string): Promise<ImageRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ImageRecord;
  } catch (error) {
    // A record that is cut short cannot be: it would mean a failing disk, and is as good as none.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
