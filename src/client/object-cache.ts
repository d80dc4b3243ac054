import { type KubeObject, objectKey, type Stored } from '../api/objects.ts';

interface Index<T extends KubeObject> {
  keys: (object: Stored<T>) => string[];
  buckets: Map<string, Set<Stored<T>>>;
}

/** The objects of one collection by key, by namespace and by any number of named indexes. */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, Stored<T>>();
  readonly #namespaces: Index<T> = { keys: o => [o.metadata.namespace ?? ''], buckets: new Map() };
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Stored<T> | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  list(namespace?: string): Stored<T>[] {
    if (!namespace) return [...this.#objects.values()];
    return [...(this.#namespaces.buckets.get(namespace) ?? [])];
  }

  /** @throws Error for an index nobody added: a misspelt name would look like an empty result. */
  byIndex(name: string, key: string): Stored<T>[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index ${name}`);
    return [...(index.buckets.get(key) ?? [])];
  }

  addIndex(name: string, keys: (object: Stored<T>) => string[]): void {
    if (this.#indexes.has(name)) throw new Error(`there is an index ${name} already`);
    const index: Index<T> = { keys, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const object of this.#objects.values()) insert(index, object);
  }

  /** Returns the object that stood in its place. */
  set(object: Stored<T>): Stored<T> | undefined {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#allIndexes()) {
      if (previous) remove(index, previous);
      insert(index, object);
    }
    return previous;
  }

  /** Returns the object that was removed. */
  delete(key: string): Stored<T> | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    this.#objects.delete(key);
    for (const index of this.#allIndexes()) remove(index, previous);
    return previous;
  }

  *#allIndexes(): Iterable<Index<T>> {
    yield this.#namespaces;
    yield* this.#indexes.values();
  }
}

function insert<T extends KubeObject>(index: Index<T>, object: Stored<T>): void {
  for (const value of index.keys(object)) {
    const bucket = index.buckets.get(value);
    if (bucket) bucket.add(object);
    else index.buckets.set(value, new Set([object]));
  }
}

function remove<T extends KubeObject>(index: Index<T>, object: Stored<T>): void {
  for (const value of index.keys(object)) {
    const bucket = index.buckets.get(value);
    bucket?.delete(object);
    if (bucket?.size === 0) index.buckets.delete(value);
  }
}
