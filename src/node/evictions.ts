import { unitsOf } from '../api/quantity.ts';
import type { Cancel } from '../base/clock.ts';
import { errorChain } from '../base/log.ts';
import type { PodContext } from './node-facts.ts';
import { formatPod, type NodePod } from './pod/pod-identity.ts';
import type { PodWorkers } from './pod/pod-workers.ts';
import { diskUsage } from './volume/disk-usage.ts';

/** kubelet's eviction manager looks as often. */
const interval = 10_000;

/** Ends pods that take more of the node's disk than their emptyDirs may (`sizeLimit`). */
export class Evictions {
  readonly #context: PodContext;
  readonly #workers: PodWorkers;
  #cancel: Cancel | undefined;
  #busy = false;

  constructor(deps: { context: PodContext; workers: PodWorkers }) {
    this.#context = deps.context;
    this.#workers = deps.workers;
  }

  start(): void {
    this.#cancel = this.#context.clock.every(interval, () => void this.#look());
  }

  stop(): void {
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (const pod of this.#workers.active()) {
      try {
        const message = await this.#overfull(pod);
        if (message) this.#workers.evict(pod.metadata.uid, message);
      } catch (error) {
        this.#context.log.warn('volumes are not measured', { pod: formatPod(pod), error: errorChain(error) });
      }
    }
    this.#busy = false;
  }

  /** What is told of the first emptyDir that is above its limit; those in memory cannot be. */
  async #overfull({ metadata, spec }: NodePod): Promise<string | undefined> {
    for (const { name, emptyDir } of spec.volumes ?? []) {
      const limit = emptyDir?.medium ? 0 : unitsOf(emptyDir?.sizeLimit ?? '0');
      if (limit <= 0) continue;
      const folder = this.#context.paths.volume(metadata.uid, 'kubernetes.io~empty-dir', name);
      const used = await diskUsage(folder).catch(error => {
        // Not made yet.
        if (error.code === 'ENOENT') return 0;
        throw error;
      });
      if (used > limit)
        return `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir?.sizeLimit}". `;
    }
    return undefined;
  }
}
