import { type KubeObject, objectKey, type Stored } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import type { Logger } from '../base/log.ts';
import type { Informer, InformerHandler } from './informer.ts';
import { InformerHandlers } from './informer-handlers.ts';
import { ObjectCache } from './object-cache.ts';

/**
 * The reading half of an informer and the one place where its copy changes: the copy first, then the
 * handlers. What feeds it (a reflector, a test) calls `replace`, `put` and `remove`, then
 * `reached`.
 */
export class InformerState<T extends KubeObject> implements Informer<T> {
  readonly resource: ResourceInfo;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers: InformerHandlers<T>;
  readonly #waiters = new Set<() => void>();
  #synced = false;
  #resourceVersion = '';

  constructor(resource: ResourceInfo, log: Logger) {
    this.resource = resource;
    this.#handlers = new InformerHandlers<T>(log);
  }

  get synced(): boolean {
    return this.#synced;
  }

  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.#synced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const done = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiters.delete(done);
        reject(signal?.reason);
      };
      this.#waiters.add(done);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  get(namespace: string, name: string): Stored<T> | undefined {
    return this.#cache.get(namespace ? `${namespace}/${name}` : name);
  }

  getByKey(key: string): Stored<T> | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): Stored<T>[] {
    return this.#cache.list(namespace);
  }

  byIndex(name: string, key: string): Stored<T>[] {
    return this.#cache.byIndex(name, key);
  }

  addIndex(name: string, keys: (object: Stored<T>) => string[]): void {
    this.#cache.addIndex(name, keys);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    return this.#handlers.add(handler, this.#cache.list());
  }

  /** Makes the copy equal to `objects`; tells of the difference only. */
  replace(objects: readonly Stored<T>[]): void {
    const present = new Set<string>();
    for (const object of objects) present.add(objectKey(object));
    for (const key of [...this.#cache.keys()]) {
      if (!present.has(key)) this.remove(key);
    }
    for (const object of objects) this.put(object);
    this.#becomeSynced();
  }

  /**
   * An object that comes again at the version it has is no news. One with another uid is another object
   * under an old name: the old one's deletion is told first.
   */
  put(object: Stored<T>): void {
    const key = objectKey(object);
    const present = this.#cache.get(key);
    if (present && present.metadata.uid !== object.metadata.uid) this.remove(key);
    else if (present?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const previous = this.#cache.set(object);
    if (previous) this.#handlers.updated(object, previous);
    else this.#handlers.added(object);
  }

  /** @param final the object as it was deleted, where that is known. */
  remove(key: string, final?: Stored<T>): void {
    const previous = this.#cache.delete(key);
    if (previous) this.#handlers.deleted(final ?? previous);
  }

  /** All changes up to this version have been put. */
  reached(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
  }

  /** Nothing more will come: who waits for the first list waits no longer. */
  close(): void {
    this.#wakeWaiters();
  }

  #becomeSynced(): void {
    this.#synced = true;
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
