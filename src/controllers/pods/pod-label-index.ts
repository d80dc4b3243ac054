import type { Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { Informer } from '../../client/informer.ts';

const indexName = 'controllers/label';
const indexed = new WeakSet<object>();

/** Finds the pods a map of labels selects without looking at all pods of the namespace. */
export class PodLabelIndex {
  readonly #pods: Informer<Pod>;

  constructor(pods: Informer<Pod>) {
    this.#pods = pods;
    if (indexed.has(pods)) return;
    indexed.add(pods);
    pods.addIndex(indexName, ({ metadata: { namespace, labels = {} } }) =>
      Object.entries(labels).map(([key, value]) => `${namespace}/${key}=${value}`),
    );
  }

  /** @param selector at least one label; none selects nothing here. */
  selected(namespace: string, selector: Readonly<Record<string, string>>): Stored<Pod>[] {
    const pairs = Object.entries(selector);
    const buckets = pairs.map(([key, value]) =>
      this.#pods.byIndex(indexName, `${namespace}/${key}=${value}`),
    );
    const smallest = buckets.sort((a, b) => a.length - b.length)[0] ?? [];
    return smallest.filter(({ metadata: { labels = {} } }) =>
      pairs.every(([key, value]) => labels[key] === value),
    );
  }
}
