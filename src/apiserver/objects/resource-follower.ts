import type { KubeObject, Stored } from '../../api/objects.ts';
import type { Store } from '../../store/store.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import type { ResourceHubs } from '../watch/resource-hub.ts';
import { sharedView } from './shared-view.ts';

export interface FollowListener<T extends KubeObject> {
  /** The object is new or changed. `key` is unique within the resource. */
  set(key: string, object: Stored<T>): void;
  removed(key: string, object: Stored<T>): void;
}

/**
 * Tells `listener` of every object of a resource, now and as they change: what indexes inside the server are
 * made from. A change has been told by the time its write is acknowledged.
 */
export function followResource<T extends KubeObject>(
  deps: { store: Store; hubs: ResourceHubs },
  endpoint: ResourceEndpoint,
  listener: FollowListener<T>,
): () => void {
  const { prefix } = endpoint.storage;
  const { entries, revision } = deps.store.list(prefix);
  for (const entry of entries) listener.set(entry.key, sharedView<T>(entry));
  return deps.hubs.of(prefix).subscribe(prefix, revision, {
    changes(changes) {
      for (const change of changes) {
        const object = sharedView<T>(change.entry);
        if (change.type === 'put') listener.set(change.key, object);
        else listener.removed(change.key, object);
      }
    },
  });
}
