import type { Change, Entry, Store, WatchHandle } from '../../store/store.ts';

/** One change of a resource, shared by all its watchers, with what they made of it (encodings). */
export class HubChange {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly entry: Entry;
  readonly previous: Entry | undefined;
  readonly revision: number;
  /** Whatever watchers derive from this change, once for all: keyed by what it is. */
  readonly derived = new Map<string, unknown>();

  constructor(change: Change) {
    this.type = change.type;
    this.key = change.key;
    this.entry = change.entry;
    this.previous = change.previous;
    this.revision = change.revision;
  }
}

export interface HubListener {
  changes(changes: readonly HubChange[]): void;
}

/**
 * The one store watch of a resource and its listeners, which stand under the part of the keys they look at:
 * all, a namespace, or one object. A change touches the listeners it concerns only.
 */
export class ResourceHub {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #scopes = new Map<string, Set<HubListener>>();
  #watch: WatchHandle | undefined;

  constructor(store: Store, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /**
   * Adds a listener of the keys under `scope` and gives it what happened after `after`, then all that comes.
   * @param scope a key, or a prefix of keys that ends in a slash.
   * @throws RevisionCompacted when the history does not reach back to `after`.
   */
  subscribe(scope: string, after: number, listener: HubListener): () => void {
    const backlog: HubChange[] = [];
    if (after < this.#store.revision) {
      const collect = (changes: readonly Change[]) => {
        for (const change of changes) {
          if (scope.endsWith('/') || change.key === scope) backlog.push(new HubChange(change));
        }
      };
      this.#store.watch(scope, after, collect).close();
    }
    this.#watch ??= this.#store.watch(this.#prefix, this.#store.revision, changes => this.#dispatch(changes));
    const listeners = this.#scopes.get(scope) ?? new Set();
    this.#scopes.set(scope, listeners.add(listener));
    if (backlog.length > 0) listener.changes(backlog);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#scopes.get(scope) === listeners) this.#scopes.delete(scope);
    };
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#scopes.clear();
  }

  #dispatch(changes: readonly Change[]): void {
    const perListener = new Map<HubListener, HubChange[]>();
    for (const change of changes) {
      const shared = new HubChange(change);
      for (const scope of scopesOf(change.key, this.#prefix)) {
        for (const listener of this.#scopes.get(scope) ?? []) {
          const list = perListener.get(listener);
          if (list) list.push(shared);
          else perListener.set(listener, [shared]);
        }
      }
    }
    for (const [listener, list] of perListener) listener.changes(list);
  }
}

/** `/core/pods/default/web` → the resource, the namespace, the object. */
function scopesOf(key: string, prefix: string): string[] {
  const slash = key.indexOf('/', prefix.length);
  return slash < 0 ? [prefix, key] : [prefix, key.slice(0, slash + 1), key];
}

/** The hubs by prefix, made when first asked for. */
export class ResourceHubs {
  readonly #store: Store;
  readonly #hubs = new Map<string, ResourceHub>();

  constructor(store: Store) {
    this.#store = store;
  }

  of(prefix: string): ResourceHub {
    let hub = this.#hubs.get(prefix);
    if (!hub) {
      hub = new ResourceHub(this.#store, prefix);
      this.#hubs.set(prefix, hub);
    }
    return hub;
  }

  close(): void {
    for (const hub of this.#hubs.values()) hub.close();
    this.#hubs.clear();
  }
}
