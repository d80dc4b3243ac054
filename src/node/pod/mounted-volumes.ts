import { isDeepStrictEqual } from 'node:util';
import { errorChain } from '../../base/log.ts';
import type { DownwardFacts } from '../container/downward-api.ts';
import type { PodContext } from '../node-facts.ts';
import type { MountedVolume } from '../volume/pod-volumes.ts';
import { formatPod, type NodePod } from './pod-identity.ts';
import { readySandbox, sandboxAddresses } from './pod-runtime.ts';

export const refreshInterval = 60_000;

/** The volumes of one pod: made once, refreshed once a minute. */
export class MountedVolumes {
  readonly #context: PodContext;
  #mounted: Map<string, MountedVolume> | undefined;
  /** By the monotonic clock. */
  #freshAt = 0;
  #shown: NodePod | undefined;

  constructor(context: PodContext) {
    this.#context = context;
  }

  /** Whether they have been made. */
  get made(): boolean {
    return this.#mounted !== undefined;
  }

  /** @throws VolumeError */
  async mount(pod: NodePod): Promise<Map<string, MountedVolume>> {
    const { volumes, clock, requeue } = this.#context;
    if (!this.#mounted) {
      this.#mounted = await volumes.mount(pod, this.#facts(pod));
      this.#freshAt = clock.monotonic();
      this.#shown = pod;
      // Nothing else need happen to the pod before what is in its volumes changes.
      if (pod.spec.volumes?.length) requeue(pod.metadata.uid, refreshInterval);
    }
    return this.#mounted;
  }

  /** Brings what changed in the API into the files where it is time, and asks to be called when it is again. */
  async refresh(pod: NodePod): Promise<void> {
    const { volumes, clock, log, requeue } = this.#context;
    if ((pod.spec.volumes ?? []).length === 0) return;
    const wait = this.#freshAt + refreshInterval - clock.monotonic();
    if (this.#mounted && wait > 0 && !this.#showsOld(pod)) {
      requeue(pod.metadata.uid, wait);
      return;
    }
    try {
      if (this.#mounted) await volumes.refresh(pod, this.#facts(pod));
      else await this.mount(pod);
    } catch (error) {
      log.warn('volumes are not fresh', { pod: formatPod(pod), error: errorChain(error) });
    }
    this.#freshAt = clock.monotonic();
    this.#shown = pod;
    requeue(pod.metadata.uid, refreshInterval);
  }

  /** Whether files of the pod's own labels, annotations or resources are behind: they need not wait. */
  #showsOld(pod: NodePod): boolean {
    const shown = ({ metadata, spec }: NodePod) => [metadata.labels, metadata.annotations, spec.containers];
    return this.#shown !== undefined && !isDeepStrictEqual(shown(pod), shown(this.#shown));
  }

  #facts(pod: NodePod): DownwardFacts {
    const { facts, cache } = this.#context;
    const sandbox = readySandbox(cache.get(pod.metadata.uid));
    return { ...facts, podIPs: pod.spec.hostNetwork ? facts.hostIPs : sandboxAddresses(sandbox) };
  }
}
