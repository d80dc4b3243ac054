import { formatApiVersion, type KubeObject, objectKey, type Stored } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import { silentLogger } from '../base/log.ts';
import { InformerState } from './informer-state.ts';

/**
 * An informer that a test fills by hand; it begins synced. `set` gives an object what a server would have
 * given it: a uid, and a new resourceVersion where it brings none or the one that is there.
 */
export class FakeInformer<T extends KubeObject> extends InformerState<T> {
  #version = 0;

  constructor(resource: ResourceInfo, objects: readonly T[] = []) {
    super(resource, silentLogger);
    this.replace([]);
    for (const object of objects) this.set(object);
  }

  /** Adds or replaces; handlers are told before it returns. */
  set(object: T): Stored<T> {
    const { group, version: apiVersion, kind } = this.resource;
    const present = this.getByKey(objectKey(object));
    const version = object.metadata?.resourceVersion;
    const fresh = version !== undefined && version !== present?.metadata.resourceVersion;
    const stored = {
      apiVersion: formatApiVersion(group, apiVersion),
      kind,
      ...object,
      metadata: {
        ...object.metadata,
        uid: object.metadata?.uid ?? present?.metadata.uid ?? `uid-${objectKey(object)}`,
        resourceVersion: fresh ? version : this.#nextVersion(),
      },
    } as unknown as Stored<T>;
    this.put(stored);
    this.reached(stored.metadata.resourceVersion);
    return stored;
  }

  /** Counts in steps that don't meet the versions tests write by hand. */
  #nextVersion(): string {
    this.#version += 1;
    return String(1_000_000 + this.#version);
  }
}
