import type { EndpointSlice } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { isAtLeast, newestVersion } from '../../api/resource-version.ts';
import type { Informer } from '../../client/informer.ts';
import { serviceOf, sliceAddressIndex } from '../model/slice-index.ts';

export interface RulesProgressDeps {
  slices: Informer<EndpointSlice>;
  /** Whether a Service, `namespace/name`, has rules. */
  hasRules(service: string): boolean;
  /** Whether the rules in the kernel are those of all that the informers have told. */
  isSettled(): boolean;
}

/** How far the rules in the kernel have come, for those who wait until connections go elsewhere. */
export class RulesProgress {
  readonly #deps: RulesProgressDeps;
  readonly #waiting = new Set<() => void>();

  constructor(deps: RulesProgressDeps) {
    this.#deps = deps;
  }

  /** Has everybody who waits look again: rules were written. */
  wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  /**
   * Resolves when the rules in the kernel send no more connections to these addresses, but for want of other
   * endpoints, with the version of the EndpointSlices that says so: rules of other nodes that follow this or a later
   * one don't either. With undefined, at once, where no Service with rules has them, and when `signal` aborts first.
   */
  async whenReleased(addresses: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const { slices, isSettled } = this.#deps;
    const keys = new Set<string>();
    while (!signal.aborted) {
      const naming = this.#slicesWith(addresses);
      for (const slice of naming) keys.add(objectKey(slice));
      if (keys.size === 0) return undefined;
      if (isSettled() && !isOffered(naming, addresses)) {
        const versions = [...keys].map(key => slices.getByKey(key)?.metadata.resourceVersion);
        // A slice that has gone went at a version that the informer has reached.
        return newestVersion(versions.map(version => version ?? slices.resourceVersion));
      }
      await this.#nextLook(signal);
    }
    return undefined;
  }

  /**
   * Resolves with true when the rules in the kernel follow the EndpointSlices of version `revision` or a later one;
   * with false when `signal` aborts first.
   */
  async whenWritten(revision: string, signal: AbortSignal): Promise<boolean> {
    const { slices, isSettled } = this.#deps;
    while (!signal.aborted) {
      if (isSettled() && isAtLeast(slices.resourceVersion, revision)) return true;
      await this.#nextLook(signal);
    }
    return false;
  }

  /** Those of Services with rules that name one of the addresses. */
  #slicesWith(addresses: readonly string[]): Stored<EndpointSlice>[] {
    return addresses
      .flatMap(address => this.#deps.slices.byIndex(sliceAddressIndex, address))
      .filter(slice => this.#deps.hasRules(serviceOf(slice) ?? ''));
  }

  #nextLook(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look, { once: true });
    });
  }
}

/**
 * Whether EndpointSlices have new connections sent to any of `addresses`, by the rules of whichever node. An endpoint
 * that is about to end does not count, though it may be used for want of others, or because its Service publishes
 * what is not ready: nobody will take its place by waiting.
 */
function isOffered(slices: readonly EndpointSlice[], addresses: readonly string[]): boolean {
  return slices.some(({ endpoints }) =>
    endpoints?.some(({ addresses: [address], conditions }) => {
      const { ready = true, terminating = false } = conditions ?? {};
      return ready && !terminating && address !== undefined && addresses.includes(address);
    }),
  );
}
