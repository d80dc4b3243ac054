import type { Namespace, ServiceAccount } from '../../api/generated/types.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

/** Sees to it that every namespace has the service account `default`. */
export class ServiceAccountController implements Component {
  readonly name = 'service-account-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #namespaces: Informer<Namespace>;
  readonly #accounts: Informer<ServiceAccount>;
  readonly #client: ResourceClient<ServiceAccount>;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#namespaces = deps.informers.informer<Namespace>(resources.namespaces);
    this.#accounts = deps.informers.informer<ServiceAccount>(resources.serviceAccounts);
    this.#client = new ResourceClient(deps.transport, resources.serviceAccounts);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    this.#loop.follow(this.#namespaces, {
      added: ({ metadata }) => this.#loop.add(metadata.name),
      updated: ({ metadata }) => this.#loop.add(metadata.name),
    });
    this.#loop.follow(this.#accounts, {
      deleted: ({ metadata }) => this.#loop.add(metadata.namespace ?? ''),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(namespace: string): Promise<void> {
    const object = this.#namespaces.getByKey(namespace);
    if (object?.status?.phase === 'Terminating' || !object || object.metadata.deletionTimestamp) return;
    if (this.#accounts.get(namespace, 'default')) return;
    try {
      const account = await this.#client.create({ metadata: { namespace, name: 'default' } });
      const why = 'every namespace has one';
      this.#deps.decisions.record('controller.created', decisionObject(account), { by: this.name, why });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
