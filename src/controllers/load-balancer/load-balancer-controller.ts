import type { Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';
import { sameContent } from '../template-hash.ts';
import { AddressPool } from './address-pool.ts';
import { cleanupFinalizer, ingressOf, planAddresses, wantsLoadBalancer } from './load-balancer-plan.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'lb.address.given': { addresses: string[] };
    'lb.address.released': { addresses: string[] };
  }
}

export interface LoadBalancerOptions {
  /** `172.30.0.192/26`, `172.30.0.200-172.30.0.250`; none: no Service gets an address. */
  pool: readonly string[];
  /** Services of this `loadBalancerClass`, and those without one, are served. */
  loadBalancerClass?: string;
}

/** Gives Services of type LoadBalancer an address of the pool. Who announces it is decided elsewhere. */
export class LoadBalancerController implements Component {
  readonly name = 'service-controller';
  readonly #deps: ControllerDeps;
  readonly #class: string;
  readonly #pool: AddressPool;
  readonly #loop: ControllerLoop;
  readonly #services: Informer<Service>;
  readonly #client: ResourceClient<Service>;
  readonly #waiting = new Set<string>();

  /** @throws Error for a pool that can't be read */
  constructor(deps: ControllerDeps, options: LoadBalancerOptions) {
    this.#deps = deps;
    this.#class = options.loadBalancerClass ?? 'causeway.dev/load-balancer';
    this.#pool = new AddressPool(options.pool);
    this.#services = deps.informers.informer<Service>(resources.services);
    this.#client = new ResourceClient(deps.transport, resources.services);
    // One worker: who comes first gets the lower address.
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#services, {
      added: service => this.#added(service),
      updated: service => this.#loop.add(objectKey(service)),
      deleted: service => this.#loop.add(objectKey(service)),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Addresses given before a restart are taken before any new one is given. */
  #added(service: Stored<Service>): void {
    const key = objectKey(service);
    for (const { ip } of service.status?.loadBalancer?.ingress ?? []) if (ip) this.#pool.take(ip, key);
    if (service.spec?.type === 'LoadBalancer' || hasFinalizer(service)) this.#loop.add(key);
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#services.getByKey(key);
    if (!service) {
      this.#waiting.delete(key);
      this.#release(key);
      return;
    }
    try {
      if (wantsLoadBalancer(service, this.#class)) await this.#provide(service, key);
      else await this.#cleanUp(service, key);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #provide(found: Stored<Service>, key: string): Promise<void> {
    const service = hasFinalizer(found) ? found : await this.#setFinalizer(found, true);
    const plan = planAddresses(service, key, this.#pool);
    if ('problem' in plan) {
      this.#release(key);
      if (!this.#waiting.has(key)) {
        const message = `Error syncing load balancer: failed to ensure load balancer: ${plan.problem}`;
        this.#deps.recorder.event(service, 'Warning', 'SyncLoadBalancerFailed', message);
      }
      this.#waiting.add(key);
      await this.#writeIngress(service, []);
      return;
    }
    this.#waiting.delete(key);
    if (this.#pool.release(key, plan.addresses)) this.#wakeWaiting();
    if (!(await this.#writeIngress(service, plan.addresses))) return;
    this.#deps.recorder.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
    this.#deps.decisions.record('lb.address.given', decisionObject(service), { addresses: plan.addresses });
  }

  /** The Service is going, or is no load balancer of ours any more. */
  async #cleanUp(service: Stored<Service>, key: string): Promise<void> {
    this.#waiting.delete(key);
    const foreign = service.spec?.type === 'LoadBalancer' && !service.metadata.deletionTimestamp;
    const had = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
    if (!hasFinalizer(service)) {
      this.#release(key);
      return;
    }
    let current = service;
    if (!foreign) {
      this.#deps.recorder.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
      current = (await this.#writeIngress(service, [])) ?? service;
    }
    this.#release(key);
    await this.#setFinalizer(current, false);
    if (foreign) return;
    this.#deps.recorder.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
    this.#deps.decisions.record('lb.address.released', decisionObject(service), { addresses: had });
  }

  #release(key: string): void {
    if (this.#pool.release(key)) this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    for (const key of this.#waiting) this.#loop.add(key);
  }

  #setFinalizer(service: Stored<Service>, present: boolean): Promise<Stored<Service>> {
    const { namespace = '', name, resourceVersion } = service.metadata;
    const others = (service.metadata.finalizers ?? []).filter(one => one !== cleanupFinalizer);
    const finalizers = present ? [...others, cleanupFinalizer] : others;
    return this.#client.patch(namespace, name, { metadata: { resourceVersion, finalizers } });
  }

  /** Undefined where the status says so already. */
  async #writeIngress(
    service: Stored<Service>,
    addresses: readonly string[],
  ): Promise<Stored<Service> | undefined> {
    const ingress = ingressOf(addresses);
    if (sameContent(service.status?.loadBalancer?.ingress ?? [], ingress)) return undefined;
    const loadBalancer = ingress.length > 0 ? { ingress } : {};
    return this.#client.updateStatus({ ...service, status: { ...service.status, loadBalancer } });
  }
}

function hasFinalizer({ metadata }: Stored<Service>): boolean {
  return metadata.finalizers?.includes(cleanupFinalizer) ?? false;
}
