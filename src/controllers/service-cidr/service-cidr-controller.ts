import type { IPAddress, ServiceCIDR } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { findCondition } from '../conditions.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';
import { holdsAddress, isReplaced, needsCidr } from './cidr-cover.ts';

/** Keeps a ServiceCIDR until no address depends on it. */
export const protectionFinalizer = 'networking.k8s.io/service-cidr-finalizer';

/** Milliseconds an unused ServiceCIDR is kept, so that no allocator that has not heard of its end gives of it. */
const graceAfterDeletion = 10_000;

const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
const blocked = {
  status: 'False',
  reason: 'Terminating',
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/**
 * Protects ServiceCIDRs that addresses of Services depend on, and says whether they can be used (upstream:
 * pkg/controller/servicecidrs).
 */
export class ServiceCidrController implements Component {
  readonly name = 'service-cidr-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #cidrs: Informer<ServiceCIDR>;
  readonly #addresses: Informer<IPAddress>;
  readonly #client: ResourceClient<ServiceCIDR>;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#cidrs = deps.informers.informer<ServiceCIDR>(resources.serviceCidrs);
    this.#addresses = deps.informers.informer<IPAddress>(resources.ipAddresses);
    this.#client = new ResourceClient(deps.transport, resources.serviceCidrs);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#cidrs, cidr => {
      this.#loop.add(cidr.metadata.name);
      // Another one may hold what a deleted one leaves behind.
      this.#addDeleted(() => true);
    });
    this.#loop.follow(this.#addresses, {
      deleted: ({ metadata }) => this.#addDeleted(cidr => holdsAddress(cidr, metadata.name)),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #addDeleted(concerned: (cidr: Stored<ServiceCIDR>) => boolean): void {
    for (const cidr of this.#cidrs.list()) {
      if (cidr.metadata.deletionTimestamp && concerned(cidr)) this.#loop.add(cidr.metadata.name);
    }
  }

  async #reconcile(name: string): Promise<void> {
    const cidr = this.#cidrs.getByKey(name);
    if (!cidr) return;
    if (cidr.metadata.deletionTimestamp) {
      await this.#reconcileDeleted(cidr);
      return;
    }
    const protectedNow = hasFinalizer(cidr) ? cidr : await this.#setFinalizer(cidr, true);
    if (protectedNow) await this.#setReady(protectedNow, ready);
  }

  async #reconcileDeleted(cidr: Stored<ServiceCIDR>): Promise<void> {
    if (!hasFinalizer(cidr)) return;
    const all = this.#cidrs.list();
    const names = () => this.#addresses.list().map(({ metadata }) => metadata.name);
    if (!isReplaced(cidr, all) && needsCidr(cidr, all, names())) {
      await this.#setReady(cidr, blocked);
      return;
    }
    const left = Date.parse(cidr.metadata.deletionTimestamp!) + graceAfterDeletion - this.#deps.clock.now();
    if (left > 0) this.#loop.addAfter(cidr.metadata.name, left);
    else await this.#setFinalizer(cidr, false);
  }

  #setFinalizer(cidr: Stored<ServiceCIDR>, present: boolean): Promise<Stored<ServiceCIDR> | undefined> {
    const { name, resourceVersion, finalizers: before = [] } = cidr.metadata;
    const others = before.filter(one => one !== protectionFinalizer);
    const finalizers = present ? [...others, protectionFinalizer] : others;
    return orNotFound(this.#client.patch('', name, { metadata: { resourceVersion, finalizers } }));
  }

  async #setReady(cidr: Stored<ServiceCIDR>, wanted: typeof ready): Promise<void> {
    const present = findCondition(cidr.status?.conditions, 'Ready');
    const { status, reason, message } = wanted;
    if (present?.status === status && present.reason === reason && present.message === message) return;
    const others = (cidr.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    const lastTransitionTime = formatTime(this.#deps.clock.now());
    const conditions = [...others, { type: 'Ready', ...wanted, lastTransitionTime }];
    await orNotFound(this.#client.updateStatus({ ...cidr, status: { ...cidr.status, conditions } }));
  }
}

function hasFinalizer({ metadata }: Stored<ServiceCIDR>): boolean {
  return metadata.finalizers?.includes(protectionFinalizer) ?? false;
}
