import type { Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { Informer } from '../../client/informer.ts';

const indexName = 'controllers/selector-pair';
const indexed = new WeakSet<object>();

/** Finds the Services that select a pod without looking at all of them. */
export class ServiceSelectorIndex {
  readonly #services: Informer<Service>;

  constructor(services: Informer<Service>) {
    this.#services = services;
    if (indexed.has(services)) return;
    indexed.add(services);
    services.addIndex(indexName, selectorPairs);
  }

  selecting(namespace: string, labels: Readonly<Record<string, string>> = {}): Stored<Service>[] {
    const found: Stored<Service>[] = [];
    for (const [key, value] of Object.entries(labels)) {
      for (const service of this.#services.byIndex(indexName, `${namespace}/${key}=${value}`)) {
        const selector = Object.entries(service.spec?.selector ?? {});
        if (selector.every(([name, wanted]) => labels[name] === wanted)) found.push(service);
      }
    }
    return found;
  }
}

/** A Service stands under the first pair of its selector, in the order of names: every pod it selects has it. */
function selectorPairs({ metadata, spec }: Stored<Service>): string[] {
  const first = Object.entries(spec?.selector ?? {}).sort()[0];
  return first ? [`${metadata.namespace}/${first[0]}=${first[1]}`] : [];
}
