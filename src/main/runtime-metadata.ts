import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const metadataFolder = 'io.containerd.metadata.v1.bolt';
/** Of containerd's and of its snapshotter's notes, in one folder. */
const databases = ['meta.db', 'snapshots.db'] as const;

/**
 * What containerd of a node notes of its images, snapshots and containers. It syncs each note to the disk, dozens of
 * times a pod; on a node nothing depends on that, so that the syncs are left out while the node runs (docs/adr/0017).
 * Notes that a machine which went down may have left half-written are removed, with the images they tell of.
 */
export class RuntimeMetadata {
  readonly #root: string;
  readonly #folder: string;
  readonly #work: string;
  /** Names the boot in which they are written without syncs. */
  readonly #mark: string;
  readonly #bootId: string;

  /** @param options.dir the node's folder of containerd, with its `root` below */
  constructor(options: { dir: string; bootId: string }) {
    this.#root = join(options.dir, 'root');
    this.#folder = join(this.#root, metadataFolder);
    this.#work = join(options.dir, 'metadata-work');
    this.#mark = join(options.dir, 'unsynced');
    this.#bootId = options.bootId;
  }

  /** Before the node's machine starts; no harm while it runs. Names the folder whose syncs are to be left out. */
  prepare(): { folder: string; work: string } {
    const marked = existsSync(this.#mark) ? readFileSync(this.#mark, 'utf8') : undefined;
    if (marked !== undefined && marked !== this.#bootId) {
      rmSync(this.#root, { recursive: true, force: true });
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o711 });
    this.#moveSnapshots();
    // On the disk before anything depends on it.
    if (marked !== this.#bootId) writeFileSync(this.#mark, this.#bootId, { flush: true });
    return { folder: this.#folder, work: this.#work };
  }

  /** After the machine has ended in good order: puts the notes on the disk. */
  async settle(): Promise<void> {
    for (const name of databases) await syncFile(join(this.#folder, name));
    await rm(this.#mark, { force: true });
  }

  /** The snapshotter keeps its notes beside the snapshots, which have to stay where they are: it follows a link. */
  #moveSnapshots(): void {
    const folder = join(this.#root, 'io.containerd.snapshotter.v1.overlayfs');
    const path = join(folder, 'metadata.db');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const present = lstatSync(path, { throwIfNoEntry: false });
    if (present?.isSymbolicLink()) return;
    if (present) renameSync(path, join(this.#folder, databases[1]));
    symlinkSync(join('..', metadataFolder, databases[1]), path);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r').catch(error => {
    if (error.code !== 'ENOENT') throw error;
  });
  await file?.sync();
  await file?.close();
}

/** Another one each time the machine starts. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
