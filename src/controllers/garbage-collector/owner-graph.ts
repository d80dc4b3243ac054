import type { OwnerReference } from '../../api/generated/types.ts';
import type { ObjectRef } from './object-ref.ts';

export interface Dependent extends ObjectRef {
  owners: readonly OwnerReference[];
}

const none: readonly OwnerReference[] = [];

/** Who depends on whom. Only objects that name an owner take room here. */
export class OwnerGraph {
  readonly #dependents = new Map<string, Dependent>();
  readonly #byOwner = new Map<string, Set<Dependent>>();

  /** How many objects name an owner. */
  get size(): number {
    return this.#dependents.size;
  }

  /** Takes in an object's owners as they are now. Returns those it had before. */
  set(ref: ObjectRef, owners: readonly OwnerReference[] = none): readonly OwnerReference[] {
    const before = this.remove(ref.uid);
    if (owners.length === 0) return before;
    const dependent = { ...ref, owners };
    this.#dependents.set(ref.uid, dependent);
    for (const { uid } of owners) {
      const siblings = this.#byOwner.get(uid) ?? new Set();
      this.#byOwner.set(uid, siblings.add(dependent));
    }
    return before;
  }

  /** Forgets an object as a dependent. Returns the owners it had. */
  remove(uid: string): readonly OwnerReference[] {
    const dependent = this.#dependents.get(uid);
    if (!dependent) return none;
    this.#dependents.delete(uid);
    for (const owner of dependent.owners) {
      const siblings = this.#byOwner.get(owner.uid);
      siblings?.delete(dependent);
      if (siblings?.size === 0) this.#byOwner.delete(owner.uid);
    }
    return dependent.owners;
  }

  dependentsOf(uid: string): Dependent[] {
    return [...(this.#byOwner.get(uid) ?? [])];
  }

  /** Those that keep an owner from going while it waits for its dependents. */
  blockingDependentsOf(uid: string): Dependent[] {
    return this.dependentsOf(uid).filter(({ owners }) =>
      owners.some(owner => owner.uid === uid && owner.blockOwnerDeletion),
    );
  }
}
