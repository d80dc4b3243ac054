import type { Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { Informer } from '../../client/informer.ts';
import { controllerOf } from '../ownership/controller-ref.ts';

const indexName = 'controllers/owner';
const indexed = new WeakSet<object>();

/**
 * Pods by the uid of their controller, and those without any by namespace. One index, shared by all
 * controllers that own pods.
 */
export class PodOwnersIndex {
  readonly #pods: Informer<Pod>;

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    if (indexed.has(pods)) return;
    indexed.add(pods);
    pods.addIndex(indexName, pod => {
      const controller = controllerOf(pod);
      return [controller ? controller.uid : strayKey(pod.metadata.namespace ?? '')];
    });
  }

  ownedBy(uid: string): Stored<Pod>[] {
    return this.#pods.byIndex(indexName, uid);
  }

  /** The pods of a namespace that nobody controls. */
  strays(namespace: string): Stored<Pod>[] {
    return this.#pods.byIndex(indexName, strayKey(namespace));
  }
}

function strayKey(namespace: string): string {
  return `stray/${namespace}`;
}
