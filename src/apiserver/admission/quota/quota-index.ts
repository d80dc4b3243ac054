import type { ResourceQuota } from '../../../api/generated/types.ts';
import type { Stored } from '../../../api/objects.ts';

/** The quotas of each namespace: most have none, and every request asks. */
export class QuotaIndex {
  readonly #byNamespace = new Map<string, Map<string, Stored<ResourceQuota>>>();

  of(namespace: string): readonly Stored<ResourceQuota>[] {
    const found = this.#byNamespace.get(namespace);
    return found ? [...found.values()] : none;
  }

  set(quota: Stored<ResourceQuota>): void {
    const { namespace = '', name } = quota.metadata;
    const quotas = this.#byNamespace.get(namespace) ?? new Map<string, Stored<ResourceQuota>>();
    this.#byNamespace.set(namespace, quotas.set(name, quota));
  }

  remove({ metadata: { namespace = '', name } }: Stored<ResourceQuota>): void {
    const quotas = this.#byNamespace.get(namespace);
    quotas?.delete(name);
    if (quotas?.size === 0) this.#byNamespace.delete(namespace);
  }
}

const none: readonly Stored<ResourceQuota>[] = [];
