import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancel } from '../base/clock.ts';
import { errorChain } from '../base/log.ts';
import { isNotFound } from '../cri/cri.ts';
import type { PodContext } from './node-facts.ts';
import { containerName, isRunning } from './pod/pod-runtime.ts';
import type { PodWorkers } from './pod/pod-workers.ts';
import type { NodeRegistrar } from './registration/node-registrar.ts';

const interval = 60_000;
const logCheckInterval = 10_000;
export const maxLogBytes = 10 * 1024 * 1024;
export const maxLogFiles = 5;
/** Sandboxes and containers younger than this may belong to a start that is under way. */
const minAge = 60_000;

/** What piles up: dead containers, dead sandboxes, logs, folders of pods that are no more. */
export class Housekeeping {
  readonly #context: PodContext;
  readonly #workers: PodWorkers;
  readonly #registrar: NodeRegistrar;
  readonly #cancels: Cancel[] = [];
  #busy = false;

  constructor(deps: { context: PodContext; workers: PodWorkers; registrar: NodeRegistrar }) {
    this.#context = deps.context;
    this.#workers = deps.workers;
    this.#registrar = deps.registrar;
  }

  start(): void {
    const { clock } = this.#context;
    void this.#guard(() => this.#removeOrphanedFolders());
    this.#cancels.push(clock.every(interval, () => void this.#guard(() => this.#collect())));
    this.#cancels.push(clock.every(logCheckInterval, () => void this.#guard(() => this.#rotateLogs())));
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await work();
    } catch (error) {
      this.#context.log.warn('housekeeping failed', { error: errorChain(error) });
    } finally {
      this.#busy = false;
    }
  }

  async #collect(): Promise<void> {
    await this.#removeDead();
    await this.#removeOrphanedFolders();
    this.#registrar.poke();
  }

  /** Of each container only the newest dead one is kept, for its logs; of dead sandboxes the newest. */
  async #removeDead(): Promise<void> {
    const { cache, cri, clock } = this.#context;
    const before = (clock.now() - minAge) * 1e6;
    for (const uid of cache.uids()) {
      const { containers, sandboxes } = cache.get(uid);
      const kept = new Map<string, number>();
      const removed: string[] = [];
      for (const container of containers) {
        const name = containerName(container);
        const dead = kept.get(name) ?? 0;
        if (isRunning(container)) continue;
        kept.set(name, dead + 1);
        if (dead === 0 || container.status.createdAt > before) continue;
        await cri.removeContainer(container.status.id);
        removed.push(container.status.id);
      }
      for (const { id, state, createdAt } of sandboxes.slice(1)) {
        const used = containers.some(c => c.sandboxId === id && !removed.includes(c.status.id));
        if (state === 'SANDBOX_READY' || used || createdAt > before) continue;
        await cri.removePodSandbox(id);
        removed.push(id);
      }
      if (removed.length > 0) await cache.refresh(uid);
    }
  }

  /** Folders of pods that neither the API nor the runtime knows. */
  async #removeOrphanedFolders(): Promise<void> {
    const { paths, volumes, cache } = this.#context;
    // Asked for each folder at the moment it goes: pods come while this runs.
    const known = { has: (uid: string) => this.#workers.uids().has(uid) || cache.uids().includes(uid) };
    for (const uid of await readdir(paths.podsDir).catch(() => [])) {
      if (!known.has(uid)) await volumes.remove(uid);
    }
    for (const folder of await readdir(paths.podLogsDir).catch(() => [])) {
      const uid = folder.slice(folder.lastIndexOf('_') + 1);
      if (!known.has(uid)) await rm(join(paths.podLogsDir, folder), { recursive: true, force: true });
    }
  }

  /** 10 MiB a file, five files, as kubelet's defaults are. */
  async #rotateLogs(): Promise<void> {
    for (const container of this.#context.cache.containers()) {
      const { id, logPath } = container.status;
      if (!isRunning(container) || !logPath) continue;
      const size = (await stat(logPath).catch(() => undefined))?.size ?? 0;
      if (size >= maxLogBytes) await this.#rotate(id, logPath);
    }
  }

  async #rotate(id: string, logPath: string): Promise<void> {
    const time = new Date(this.#context.clock.now())
      .toISOString()
      .replace(/[-:]/g, '')
      .replace('T', '-')
      .slice(0, 15);
    await rename(logPath, `${logPath}.${time}`);
    try {
      await this.#context.cri.reopenContainerLog(id);
    } catch (error) {
      // The runtime still writes to the moved file: put it back.
      await rename(`${logPath}.${time}`, logPath);
      if (!isNotFound(error)) throw error;
      return;
    }
    const folder = logPath.slice(0, logPath.lastIndexOf('/'));
    const base = logPath.slice(folder.length + 1);
    const old = (await readdir(folder)).filter(name => name.startsWith(`${base}.`)).sort();
    for (const name of old.slice(0, Math.max(old.length - (maxLogFiles - 1), 0)))
      await rm(join(folder, name));
  }
}
