import type { IpFamily } from '../../base/ip-address.ts';
import type { WantedElement } from './plan.ts';

/** What changes in the sets of one family's table. */
export interface ElementDelta {
  /** Set → keys to delete, also those whose data changes. */
  removed: Map<string, Set<string>>;
  /** Set → key → data to add. */
  added: Map<string, Map<string, string>>;
}

interface Held {
  data: string;
  /** How many Services want just this. */
  owners: number;
  /** Other data that other Services want under the key; the first to come has it. */
  rivals?: { owner: string; data: string }[];
  owner: string;
}

/**
 * The elements that should be in the kernel: the union of what all Services want. An element that several
 * want alike (a hairpin of a shared endpoint) goes when the last one lets go; where two want different data
 * under one key, the first keeps it and the other follows when it goes.
 */
export class DesiredElements {
  readonly #sets = new Map<IpFamily, Map<string, Map<string, Held>>>();
  readonly #wanted = new Map<string, readonly WantedElement[]>();
  readonly #touched = new Map<IpFamily, Map<string, Map<string, string | undefined>>>();

  /** Replaces what `owner` wants; an empty list lets go of everything. */
  set(owner: string, elements: readonly WantedElement[]): void {
    const before = this.#wanted.get(owner) ?? [];
    for (const element of before) this.#release(owner, element);
    if (elements.length === 0) this.#wanted.delete(owner);
    else this.#wanted.set(owner, elements);
    for (const element of elements) this.#hold(owner, element);
  }

  get owners(): Iterable<string> {
    return this.#wanted.keys();
  }

  /** The elements of a family: set → key → data. */
  all(family: IpFamily): Map<string, Map<string, string>> {
    const sets = new Map<string, Map<string, string>>();
    for (const [set, held] of this.#sets.get(family) ?? []) {
      sets.set(set, new Map(Array.from(held, ([key, { data }]) => [key, data])));
    }
    return sets;
  }

  /** What has changed since the last call, per family; what changed and changed back is not in it. */
  takeDelta(family: IpFamily): ElementDelta {
    const delta: ElementDelta = { removed: new Map(), added: new Map() };
    for (const [set, keys] of this.#touched.get(family) ?? []) {
      const held = this.#sets.get(family)?.get(set);
      for (const [key, before] of keys) {
        const now = held?.get(key)?.data;
        if (now === before) continue;
        if (before !== undefined) getOrMake(delta.removed, set, () => new Set<string>()).add(key);
        if (now !== undefined) getOrMake(delta.added, set, () => new Map<string, string>()).set(key, now);
      }
    }
    this.#touched.delete(family);
    return delta;
  }

  #hold(owner: string, { family, set, key, data }: WantedElement): void {
    const sets = getOrMake(this.#sets, family, () => new Map<string, Map<string, Held>>());
    const elements = getOrMake(sets, set, () => new Map<string, Held>());
    const held = elements.get(key);
    if (!held) {
      this.#touch(family, set, key, undefined);
      elements.set(key, { data, owners: 1, owner });
    } else if (held.data === data) held.owners++;
    else {
      held.rivals ??= [];
      held.rivals.push({ owner, data });
    }
  }

  #release(owner: string, { family, set, key, data }: WantedElement): void {
    const elements = this.#sets.get(family)?.get(set);
    const held = elements?.get(key);
    if (!elements || !held) return;
    const rival = held.rivals?.findIndex(other => other.owner === owner && other.data === data) ?? -1;
    if (rival >= 0) {
      held.rivals!.splice(rival, 1);
      return;
    }
    if (--held.owners > 0) return;
    this.#touch(family, set, key, held.data);
    const next = held.rivals?.shift();
    if (!next) {
      elements.delete(key);
      return;
    }
    const alike = held.rivals!.filter(other => other.data === next.data).length;
    held.rivals = held.rivals!.filter(other => other.data !== next.data);
    Object.assign(held, { data: next.data, owner: next.owner, owners: 1 + alike });
  }

  /** Remembers how a key stood before the first change since the last delta. */
  #touch(family: IpFamily, set: string, key: string, before: string | undefined): void {
    const sets = getOrMake(this.#touched, family, () => new Map<string, Map<string, string | undefined>>());
    const keys = getOrMake(sets, set, () => new Map<string, string | undefined>());
    if (!keys.has(key)) keys.set(key, before);
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** The delta between what a table holds and what it should hold. */
export function diffElements(
  actual: ReadonlyMap<string, ReadonlyMap<string, string>>,
  desired: ReadonlyMap<string, ReadonlyMap<string, string>>,
): ElementDelta {
  const delta: ElementDelta = { removed: new Map(), added: new Map() };
  for (const [set, elements] of actual) {
    const wanted = desired.get(set);
    for (const [key, data] of elements) {
      if (wanted?.get(key) !== data) getOrMake(delta.removed, set, () => new Set<string>()).add(key);
    }
  }
  for (const [set, elements] of desired) {
    const present = actual.get(set);
    for (const [key, data] of elements) {
      if (present?.get(key) !== data)
        getOrMake(delta.added, set, () => new Map<string, string>()).set(key, data);
    }
  }
  return delta;
}

export function isEmptyDelta({ removed, added }: ElementDelta): boolean {
  return removed.size === 0 && added.size === 0;
}
