import type { ResourceQuota } from '../../../api/generated/types.ts';
import { readAmounts } from '../../../api/kinds/pod-resources.ts';
import type { Stored } from '../../../api/objects.ts';
import { addUsage, type Usage } from '../../../api/quota/usage.ts';
import { internalError } from '../../../api/status.ts';
import type { Clock } from '../../../base/clock.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { type Charges, chargesOf, evaluatorFor, isExceeded, withCharge } from './quota-check.ts';
import type { QuotaIndex } from './quota-index.ts';

export interface QuotaAdmissionDeps {
  clock: Clock;
  quotas: QuotaIndex;
  /**
   * Stores `change` of a quota as it is by then.
   * @throws what `change` throws, and where the quota is gone.
   */
  write(
    namespace: string,
    name: string,
    change: (quota: Stored<ResourceQuota>) => ResourceQuota,
  ): Promise<void>;
}

interface Waiting {
  attributes: AdmissionAttributes;
  resolve(): void;
  reject(error: unknown): void;
}

/** Rounds of reading and charging a namespace's quotas, against writers that come in between. */
const maxRounds = 4;

/**
 * Refuses what goes beyond a quota, and writes what it lets through into the quota's status before the object is
 * stored, so that two requests cannot use the same rest (upstream: admission/plugin/resourcequota). Requests of
 * one namespace that come together are charged with one write.
 */
export class QuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #deps: QuotaAdmissionDeps;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(deps: QuotaAdmissionDeps) {
    this.#deps = deps;
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    const { operation, endpoint, namespace, subresource } = attributes;
    if (operation === 'DELETE' || operation === 'CONNECT' || !endpoint.resource.namespaced) return;
    if (endpoint.resource.storageGroup === '' && endpoint.resource.plural === 'events') return;
    if (this.#deps.quotas.of(namespace).length === 0) return;
    if (!evaluatorFor(attributes).handles(operation, subresource)) return;
    if (attributes.dryRun) {
      this.#check(attributes);
      return;
    }
    return new Promise((resolve, reject) => this.#queue({ attributes, resolve, reject }));
  }

  #queue(request: Waiting): void {
    const { namespace } = request.attributes;
    const queue = this.#waiting.get(namespace);
    if (queue) {
      queue.push(request);
      return;
    }
    this.#waiting.set(namespace, [request]);
    void this.#drain(namespace);
  }

  async #drain(namespace: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(namespace)!.splice(0);
      if (batch.length === 0) break;
      await this.#settle(namespace, batch);
    }
    this.#waiting.delete(namespace);
  }

  /** Charges what the quotas allow; where another server used up the rest meanwhile, they are asked anew. */
  async #settle(namespace: string, batch: readonly Waiting[]): Promise<void> {
    const charged = new Set<string>();
    let left = batch;
    for (let round = 1; ; round++) {
      const admitted = this.#admitted(left, charged);
      left = admitted.requests;
      try {
        await this.#charge(namespace, admitted.total, charged);
        for (const { resolve } of left) resolve();
        return;
      } catch (error) {
        if (error instanceof RestIsGone && round < maxRounds) continue;
        for (const { reject } of left) reject(error instanceof RestIsGone ? internalError(error) : error);
        return;
      }
    }
  }

  /** Looks at the requests in turn, each seeing what those before it use. The refused ones are told at once. */
  #admitted(requests: readonly Waiting[], charged: ReadonlySet<string>): Admitted {
    const total = new Map<string, Usage>();
    const admitted: Waiting[] = [];
    for (const request of requests) {
      try {
        for (const [name, charge] of this.#check(request.attributes, total, charged)) {
          total.set(name, addUsage(total.get(name) ?? {}, charge));
        }
        admitted.push(request);
      } catch (error) {
        request.reject(error);
      }
    }
    return { requests: admitted, total };
  }

  #check(
    attributes: AdmissionAttributes,
    total: ReadonlyMap<string, Usage> = new Map(),
    charged: ReadonlySet<string> = new Set(),
  ): Charges {
    const used = (quota: Stored<ResourceQuota>) =>
      addUsage(readAmounts(quota.status?.used), total.get(quota.metadata.name) ?? {});
    const quotas = this.#deps.quotas
      .of(attributes.namespace)
      .filter(({ metadata }) => !charged.has(metadata.name));
    return chargesOf(attributes, quotas, used, this.#deps.clock.now());
  }

  /** @throws RestIsGone when a quota holds less by now than was seen. */
  async #charge(namespace: string, total: ReadonlyMap<string, Usage>, charged: Set<string>): Promise<void> {
    for (const [name, charge] of total) {
      await this.#deps.write(namespace, name, quota => {
        const after = withCharge(quota, charge);
        if (isExceeded(after, charge)) {
          this.#deps.quotas.set(quota);
          throw new RestIsGone(`the quota ${name} keeps changing`);
        }
        return after;
      });
      charged.add(name);
    }
  }
}

interface Admitted {
  requests: readonly Waiting[];
  /** By the quota's name. */
  total: ReadonlyMap<string, Usage>;
}

class RestIsGone extends Error {}
