import type { Endpoint } from '../model/service-model.ts';
import type { EndpointIds } from './plan.ts';

/**
 * Numbers endpoints from 1. An endpoint keeps its number while a Service holds it, so that a client with
 * session affinity keeps its endpoint while others come and go; freed numbers are given out again.
 */
export class EndpointNumbers {
  readonly #held = new Map<string, { id: number; owners: Set<string> }>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #free: number[] = [];
  /** Of endpoints let go of, until they are held again or their number is needed. */
  readonly #kept = new Map<string, number>();
  #last = 0;

  hold(owner: string, endpoint: Endpoint): ReturnType<EndpointIds['idOf']> {
    const key = `${endpoint.address} ${endpoint.port}`;
    let held = this.#held.get(key);
    if (!held) {
      const kept = this.#kept.get(key);
      this.#kept.delete(key);
      held = { id: kept ?? this.#free.pop() ?? ++this.#last, owners: new Set() };
      this.#held.set(key, held);
    }
    held.owners.add(owner);
    let keys = this.#byOwner.get(owner);
    if (!keys) {
      keys = new Set();
      this.#byOwner.set(owner, keys);
    }
    keys.add(key);
    return held.id;
  }

  /** Lets go of all of `owner`'s endpoints; held again at once they have their numbers back. */
  release(owner: string): void {
    for (const id of this.#kept.values()) this.#free.push(id);
    this.#kept.clear();
    for (const key of this.#byOwner.get(owner) ?? []) {
      const held = this.#held.get(key)!;
      held.owners.delete(owner);
      if (held.owners.size > 0) continue;
      this.#held.delete(key);
      this.#kept.set(key, held.id);
    }
    this.#byOwner.delete(owner);
  }
}
