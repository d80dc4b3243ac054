import type { APIService, Namespace, Pod } from '../../api/generated/types.ts';
import type { KubeList, KubeObject, Stored } from '../../api/objects.ts';
import { type ResourceInfo, resourcePath } from '../../api/resources.ts';
import { Backoff } from '../../base/backoff.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { apiServices, discoverAggregated } from '../aggregated-resources.ts';
import { isConflict, isNotFound, isReason, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { ListableResources } from '../listable-resources.ts';
import { resources } from '../resources.ts';
import { type DeletionOutcome, deletionConditions, mergeConditions } from './deletion-conditions.ts';

export interface NamespaceControllerOptions {
  workers?: number;
}

const finalizer = 'kubernetes';

/**
 * Empties namespaces that are being deleted and then lets them go. Pods go first, so that nothing they rely
 * on (their network policies, say) is taken from under them.
 */
export class NamespaceController implements Component {
  readonly name = 'namespace-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #namespaces: Informer<Namespace>;
  readonly #client: ResourceClient<Namespace>;
  readonly #listable: ListableResources;
  readonly #services: Informer<APIService>;
  readonly #retry = new Backoff<string>({ initial: 50, max: 5000 });

  constructor(deps: ControllerDeps, options: NamespaceControllerOptions = {}) {
    this.#deps = deps;
    this.#namespaces = deps.informers.informer<Namespace>(resources.namespaces);
    this.#client = new ResourceClient(deps.transport, resources.namespaces);
    this.#listable = new ListableResources(deps.informers);
    this.#services = deps.informers.informer<APIService>(apiServices);
    const { workers = 4 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#namespaces, ({ metadata }) => {
      if (metadata.deletionTimestamp) this.#loop.add(metadata.name);
    });
    this.#loop.follow(this.#listable.definitions);
    this.#loop.follow(this.#services);
    this.#loop.follow(deps.informers.informer<Pod>(resources.pods), {
      deleted: pod => {
        const { namespace = '' } = pod.metadata;
        if (this.#namespaces.getByKey(namespace)?.metadata.deletionTimestamp) this.#loop.add(namespace);
      },
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(name: string): Promise<void> {
    const namespace = this.#namespaces.getByKey(name);
    if (!namespace?.metadata.deletionTimestamp) {
      this.#retry.forget(name);
      return;
    }
    if (!(namespace.spec?.finalizers ?? []).includes(finalizer)) return;
    const outcome = await this.#empty(name);
    try {
      const current = await this.#writeConditions(namespace, outcome);
      const unknown = outcome.failures.length + outcome.undiscovered.length;
      if (outcome.remaining.length + unknown === 0) await this.#finalize(current);
      else this.#loop.addAfter(name, this.#retry.next(name));
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      this.#loop.addAfter(name, this.#retry.next(name));
    }
  }

  async #empty(namespace: string): Promise<DeletionOutcome> {
    const finalizers = new Map<string, number>();
    // Those of other servers are asked for each time: nothing may be left behind with them.
    const aggregated = await discoverAggregated(this.#deps.transport, this.#services.list());
    const outcome = {
      undiscovered: aggregated.failures,
      failures: [] as string[],
      remaining: [] as DeletionOutcome['remaining'],
      finalizers,
    };
    const all = [...this.#listable.current(), ...aggregated.resources];
    const namespaced = all.filter(resource => resource.namespaced);
    const pods = namespaced.filter(({ group, plural }) => group === '' && plural === 'pods');
    await this.#emptyAll(namespace, pods, outcome);
    if (outcome.remaining.length + outcome.failures.length > 0) return outcome;
    await this.#emptyAll(
      namespace,
      namespaced.filter(resource => !pods.includes(resource)),
      outcome,
    );
    return outcome;
  }

  async #emptyAll(
    namespace: string,
    all: readonly ResourceInfo[],
    outcome: DeletionOutcome & { finalizers: Map<string, number> },
  ): Promise<void> {
    for (const resource of all) {
      try {
        const left = await this.#emptyOne(namespace, resource);
        if (left.length === 0) continue;
        outcome.remaining.push({ resource, count: left.length });
        for (const object of left) {
          for (const held of object.metadata.finalizers ?? []) {
            outcome.finalizers.set(held, (outcome.finalizers.get(held) ?? 0) + 1);
          }
        }
      } catch (error) {
        // A custom resource whose definition has just gone has no objects left either.
        if (isReason(error, 'NotFound', 'MethodNotAllowed')) continue;
        outcome.failures.push(errorChain(error));
      }
    }
  }

  /** Resolves with what is still there after asking for the deletion of everything. */
  async #emptyOne(namespace: string, resource: ResourceInfo): Promise<Stored[]> {
    const path = resourcePath(resource, { namespace });
    const list = async () =>
      (await this.#deps.transport.request<KubeList<Stored>>({ method: 'GET', path })).items;
    const present = await list();
    if (present.every(({ metadata }) => metadata.deletionTimestamp)) return present;
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
    if (resource.verbs.includes('deletecollection')) {
      await this.#deps.transport.request({ method: 'DELETE', path, body });
    } else {
      for (const { metadata } of present) {
        const one = resourcePath(resource, { namespace, name: metadata.name });
        await orNotFound(this.#deps.transport.request({ method: 'DELETE', path: one, body }));
      }
    }
    const why = `namespace ${namespace} is being deleted`;
    const about = { kind: resource.kind, namespace, name: '*' };
    this.#deps.decisions.record('controller.deleted', about, { by: this.name, why });
    return list();
  }

  async #writeConditions(namespace: Stored<Namespace>, outcome: DeletionOutcome): Promise<Stored<Namespace>> {
    const present = namespace.status?.conditions ?? [];
    const conditions = mergeConditions(present, deletionConditions(outcome), this.#deps.clock.now());
    if (!conditions) return namespace;
    return this.#client.updateStatus({
      ...namespace,
      status: { ...namespace.status, phase: 'Terminating', conditions },
    });
  }

  async #finalize(namespace: Stored<Namespace>): Promise<void> {
    const left = (namespace.spec?.finalizers ?? []).filter(name => name !== finalizer);
    const body: KubeObject = { ...namespace, spec: { ...namespace.spec, finalizers: left } } as Namespace;
    const { name } = namespace.metadata;
    const path = resourcePath(resources.namespaces, { name, subresource: 'finalize' });
    await this.#deps.transport.request({ method: 'PUT', path, body });
    this.#retry.forget(name);
    const why = 'the namespace is empty';
    this.#deps.decisions.record('controller.deleted', decisionObject(namespace), { by: this.name, why });
  }
}
