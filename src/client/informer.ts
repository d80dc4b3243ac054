import type { KubeObject, Stored } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';

/** What an informer tells. The objects are shared and read-only. */
export interface InformerHandler<T extends KubeObject> {
  added?(object: Stored<T>): void;
  updated?(object: Stored<T>, previous: Stored<T>): void;
  deleted?(object: Stored<T>): void;
}

/**
 * The local copy of a collection, kept fresh by list and watch. Reads cost no request.
 * Handlers are called in the order of the changes, after the copy has been updated.
 */
export interface Informer<T extends KubeObject = KubeObject> {
  readonly resource: ResourceInfo;
  /** True once the first list has been delivered. */
  readonly synced: boolean;
  /**
   * The resourceVersion of the collection that the copy has caught up with, also where nothing changed up to it;
   * '' before the first list. The handlers have been told of everything up to it.
   */
  readonly resourceVersion: string;
  /** Resolves when `synced`. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  get(namespace: string, name: string): Stored<T> | undefined;
  getByKey(key: string): Stored<T> | undefined;
  /** All objects, or those of one namespace, in no order. */
  list(namespace?: string): Stored<T>[];
  /** The objects under `key` of the index `name`. */
  byIndex(name: string, key: string): Stored<T>[];
  /** Adds an index; each object stands under every key `keys` gives for it. Before `start` only. */
  addIndex(name: string, keys: (object: Stored<T>) => string[]): void;
  /** Adds a handler; it is told `added` of what is there already. The returned function removes it. */
  addHandler(handler: InformerHandler<T>): () => void;
}
