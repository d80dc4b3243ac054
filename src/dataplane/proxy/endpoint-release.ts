import type { EndpointSlice } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { Informer } from '../../client/informer.ts';

/** Milliseconds until the other nodes, which hear of it at the same time, have surely written it too. */
const otherNodes = 250;
/** Milliseconds after which a container is stopped even though a slice still names it. */
const patience = 2000;

const podIndex = 'local-pod';

export interface EndpointReleaseDeps {
  clock: Clock;
  slices: Informer<EndpointSlice>;
  /** Resolves when what the slices say by now is in the kernel. */
  written(signal?: AbortSignal): Promise<void>;
}

/**
 * Tells when a pod that is to go gets no new connections through Services any more. A server that ends at once
 * on SIGTERM would refuse what nodes still send it: elsewhere people write a preStop hook that sleeps for it.
 */
export class EndpointRelease {
  readonly #deps: EndpointReleaseDeps;

  constructor(deps: EndpointReleaseDeps, options: { nodeName: string }) {
    this.#deps = deps;
    deps.slices.addIndex(podIndex, slice =>
      (slice.endpoints ?? []).flatMap(({ nodeName, targetRef }) =>
        nodeName === options.nodeName && targetRef?.uid ? [targetRef.uid] : [],
      ),
    );
  }

  /**
   * Resolves when no Service sends new connections to the pod, at once where none did, and after two seconds
   * whatever the slices say.
   * @param uid of a pod of this node that is being deleted
   * @param signal ends the wait; it resolves then too
   */
  async released(uid: string, signal?: AbortSignal): Promise<void> {
    const { clock, slices } = this.#deps;
    if (!slices.synced || slices.byIndex(podIndex, uid).length === 0) return;
    const over = new AbortController();
    const cancel = clock.after(patience, () => over.abort());
    signal?.addEventListener('abort', () => over.abort(), { once: true });
    try {
      await this.#unused(uid, over.signal);
      await this.#deps.written(over.signal);
      await clock.sleep(otherNodes, over.signal);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      cancel();
      over.abort();
    }
  }

  #unused(uid: string, signal: AbortSignal): Promise<void> {
    const { slices } = this.#deps;
    return new Promise((resolve, reject) => {
      const check = () => {
        if (slices.byIndex(podIndex, uid).some(slice => takesConnections(slice, uid))) return;
        leave();
        resolve();
      };
      const leave = slices.addHandler({ updated: check, deleted: check });
      signal.addEventListener('abort', () => {
        leave();
        reject(signal.reason);
      });
      check();
    });
  }
}

function takesConnections(slice: EndpointSlice, uid: string): boolean {
  return (slice.endpoints ?? []).some(
    ({ targetRef, conditions }) =>
      targetRef?.uid === uid && (conditions?.ready ?? true) && !conditions?.terminating,
  );
}
