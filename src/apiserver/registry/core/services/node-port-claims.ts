import type { Clock } from '../../../../base/clock.ts';
import { type Entry, RevisionMismatch, type Store } from '../../../../store/store.ts';

interface Claim {
  /** Key of the Service. */
  owner: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Milliseconds after which a claim whose Service does not have the port is left from a request that failed. */
const longestRequest = 120_000;
const prefix = '/allocations/nodeports/';

/**
 * Where several servers write to one store, each claims a node port under a key of its own before a Service
 * is stored with it: that the key can't be made twice is what keeps two servers from giving the same port.
 */
export class NodePortClaims {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #has: (owner: string, port: number) => boolean;

  /** @param deps.has whether the Service of this key is stored with the port. */
  constructor(deps: { clock: Clock; store: Store; has: (owner: string, port: number) => boolean }) {
    this.#clock = deps.clock;
    this.#store = deps.store;
    this.#has = deps.has;
  }

  /** Whether `owner` has the port now. */
  async claim(owner: string, port: number): Promise<boolean> {
    const key = `${prefix}${port}`;
    let present = this.#store.get(key);
    for (;;) {
      if (present) {
        const { owner: other, at } = claimOf(present);
        if (other === owner) return true;
        if (this.#has(other, port) || at > this.#clock.now() - longestRequest) return false;
      }
      try {
        const claim: Claim = { owner, at: this.#clock.now() };
        await this.#store.put(key, Buffer.from(JSON.stringify(claim)), present?.revision ?? 0);
        return true;
      } catch (error) {
        if (!(error instanceof RevisionMismatch)) throw error;
        present = error.current;
      }
    }
  }

  /** Gives a port back; one that is another's is left alone. */
  async release(owner: string, port: number): Promise<void> {
    const present = this.#store.get(`${prefix}${port}`);
    if (!present || claimOf(present).owner !== owner) return;
    try {
      await this.#store.delete(present.key, present.revision);
    } catch (error) {
      // Somebody else took it over.
      if (!(error instanceof RevisionMismatch)) throw error;
    }
  }
}

function claimOf({ value }: Entry): Claim {
  return JSON.parse(Buffer.from(value).toString()) as Claim;
}
