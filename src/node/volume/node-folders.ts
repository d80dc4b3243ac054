import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PersistentVolume } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    /** What a volume held is gone, as its reclaim policy says. */
    'volume.removed': { path: string };
  }
}

/** Beside the folder of a volume: it stays when its PersistentVolume goes. */
const retainSuffix = '.retain';

/**
 * The folders that are this node's persistent volumes. Made when a pod first needs one; removed when the
 * PersistentVolume is gone, unless its policy is to retain. That policy is noted beside the folder, for
 * volumes that go while no agent runs.
 */
export class NodeFolders {
  readonly dir: string;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #log: Logger;
  readonly #decisions: DecisionLog;
  #leave = () => {};
  #work: Promise<void> = Promise.resolve();

  constructor(
    deps: { volumes: Informer<PersistentVolume>; log: Logger; decisions: DecisionLog },
    options: { dir: string },
  ) {
    this.dir = options.dir;
    this.#volumes = deps.volumes;
    this.#log = deps.log;
    this.#decisions = deps.decisions;
  }

  /** Begins to follow the volumes, once the API's list is there. */
  start(signal: AbortSignal): void {
    void this.#volumes.whenSynced(signal).then(
      () => {
        this.#leave = this.#volumes.addHandler({
          added: volume => this.#do(() => this.#notePolicy(volume)),
          updated: volume => this.#do(() => this.#notePolicy(volume)),
          deleted: volume => this.#do(() => this.#removed(volume)),
        });
        this.#do(() => this.#removeOrphans());
      },
      () => {},
    );
  }

  async stop(): Promise<void> {
    this.#leave();
    await this.#work;
  }

  /** The folder of a local volume is there afterwards. @throws Error where it is not, and not ours to make */
  async provide(volume: Stored<PersistentVolume> | PersistentVolume): Promise<void> {
    const path = volume.spec?.local?.path ?? '';
    if (!this.#isOurs(volume)) {
      const found = await stat(path).catch(() => undefined);
      if (!found) throw new Error(`path "${path}" does not exist`);
      return;
    }
    await mkdir(this.dir, { recursive: true, mode: 0o755 });
    await mkdir(path, { recursive: true });
    // Whatever user the first pod runs as, it can write; fsGroup narrows that.
    const { mode, gid } = await stat(path);
    if (gid === 0 && (mode & 0o777) !== 0o777) await chmod(path, 0o777);
  }

  /** Only paths right below our folder: a volume that says otherwise was not made for this node. */
  #isOurs({ metadata, spec }: PersistentVolume): boolean {
    const made = metadata?.annotations?.[storageAnnotations.provisionedBy] === nodeFolders.provisioner;
    return made && dirname(spec?.local?.path ?? '') === this.dir;
  }

  #do(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(error => {
      this.#log.warn('a volume folder is not looked after', { error: errorChain(error) });
    });
  }

  async #notePolicy(volume: Stored<PersistentVolume>): Promise<void> {
    if (!this.#isOurs(volume)) return;
    const marker = `${volume.spec!.local!.path}${retainSuffix}`;
    if (volume.spec?.persistentVolumeReclaimPolicy === 'Delete') await rm(marker, { force: true });
    else {
      await mkdir(this.dir, { recursive: true, mode: 0o755 });
      await writeFile(marker, '');
    }
  }

  async #removed(volume: Stored<PersistentVolume>): Promise<void> {
    if (!this.#isOurs(volume) || volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return;
    const { path } = volume.spec.local!;
    await rm(path, { recursive: true, force: true });
    this.#decisions.record('volume.removed', decisionObject(volume), { path });
  }

  async #removeOrphans(): Promise<void> {
    const names = await readdir(this.dir).catch((): string[] => []);
    const known = new Set(this.#volumes.list().map(({ spec }) => basename(spec?.local?.path ?? '')));
    for (const name of names) {
      if (known.has(name) || name.endsWith(retainSuffix) || names.includes(`${name}${retainSuffix}`))
        continue;
      await rm(join(this.dir, name), { recursive: true, force: true });
      this.#decisions.record('volume.removed', undefined, { path: join(this.dir, name) });
    }
  }
}
