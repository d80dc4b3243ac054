import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { type Evaluator, evaluatorOf } from '../../api/quota/evaluators.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { Component } from '../../base/component.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isConflict, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { ListableResources } from '../listable-resources.ts';
import { resources } from '../resources.ts';
import { sameContent } from '../template-hash.ts';
import { quotaStatus, sameStatus } from './quota-usage.ts';

export interface ResourceQuotaControllerOptions {
  /** Milliseconds after which every quota is counted anew (upstream: 5 minutes). */
  resync?: number;
  workers?: number;
}

interface Collection {
  evaluator: Evaluator;
  informer: Informer;
  detach: () => void;
}

/** Milliseconds between a change of an object and the counting, so that many changes are counted once. */
const gathering = 200;
/** Never counted: they come by the thousands and go by themselves. */
const ignored = new Set(['events.']);

/**
 * Keeps what quotas say is used. Admission adds what it lets through; this counts what is really there, when
 * objects go, and again and again (upstream: pkg/controller/resourcequota).
 */
export class ResourceQuotaController implements Component {
  readonly name = 'resourcequota-controller';
  readonly #deps: ControllerDeps;
  readonly #resync: number;
  readonly #loop: ControllerLoop;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #listable: ListableResources;
  readonly #collections = new Map<string, Collection>();
  readonly #client: ResourceClient<ResourceQuota>;
  #unsubscribe: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: ResourceQuotaControllerOptions = {}) {
    const { resync = 5 * 60_000, workers = 5 } = options;
    this.#deps = deps;
    this.#resync = resync;
    this.#quotas = deps.informers.informer<ResourceQuota>(resources.resourceQuotas);
    this.#listable = new ListableResources(deps.informers);
    this.#client = new ResourceClient(deps.transport, resources.resourceQuotas);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#listable.definitions);
    this.#loop.follow(this.#quotas, {
      added: quota => this.#loop.add(objectKey(quota)),
      updated: quota => {
        // What admission added needs no counting; what anybody else wrote does.
        if (!sameContent(quota.spec?.hard, quota.status?.hard)) this.#loop.add(objectKey(quota));
      },
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const synced: Promise<void>[] = [];
    this.#unsubscribe = this.#listable.subscribe({
      added: resource => {
        const watched = this.#watch(resource, signal);
        // Those that come later are awaited by nobody.
        watched.catch(() => undefined);
        synced.push(watched);
      },
      removed: resource => this.#unwatch(resource),
    });
    await Promise.all(synced);
    await this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const { detach } of this.#collections.values()) detach();
    await this.#loop.stop();
  }

  #watch(resource: ResourceInfo, signal: AbortSignal): Promise<void> {
    const { plural, storageGroup, namespaced } = resource;
    const id = `${plural}.${storageGroup}`;
    if (!namespaced || ignored.has(id)) return Promise.resolve();
    const informer = this.#deps.informers.informer(resource);
    const evaluator = evaluatorOf(storageGroup, plural);
    const count = (object: Stored) => this.#wake(object.metadata.namespace ?? '', evaluator);
    const detach = informer.addHandler({
      // A count that went on while the object was on its way to us may have missed it.
      added: count,
      updated: (object, before) => {
        if (object.metadata.uid !== before.metadata.uid || mayUseLess(resource, object, before))
          count(object);
      },
      deleted: count,
    });
    this.#collections.set(id, { evaluator, informer, detach });
    return informer.whenSynced(signal);
  }

  #unwatch(resource: ResourceInfo): void {
    const id = `${resource.plural}.${resource.storageGroup}`;
    this.#collections.get(id)?.detach();
    this.#collections.delete(id);
    this.#deps.informers.release(resource);
  }

  #wake(namespace: string, evaluator: Evaluator): void {
    for (const quota of this.#quotas.list(namespace)) {
      const concerns = Object.keys(quota.spec?.hard ?? {}).some(name => evaluator.uses(name));
      if (concerns) this.#loop.addAfter(objectKey(quota), gathering);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const quota = this.#quotas.getByKey(key);
    if (!quota) return;
    this.#loop.addAfter(key, this.#resync);
    const status = quotaStatus(quota, this.#counted(quota), this.#deps.clock.now());
    if (sameStatus(status, quota.status)) return;
    try {
      await this.#client.updateStatus({ ...quota, status });
    } catch (error) {
      if (isNotFound(error)) return;
      // Admission was faster: what it let through is to be counted, too.
      if (isConflict(error)) this.#loop.addAfter(key, gathering);
      else throw error;
    }
  }

  *#counted({ metadata, spec }: Stored<ResourceQuota>) {
    const names = Object.keys(spec?.hard ?? {});
    for (const { evaluator, informer } of this.#collections.values()) {
      if (!names.some(name => evaluator.uses(name))) continue;
      yield { evaluator, objects: informer.list(metadata.namespace) };
    }
  }
}

/** Updates after which an object can use less than before. */
function mayUseLess({ plural, storageGroup }: ResourceInfo, object: Stored, before: Stored): boolean {
  if (storageGroup !== '') return false;
  if (plural === 'pods') {
    const [now, then] = [object as Stored<Pod>, before as Stored<Pod>];
    return (
      now.status?.phase !== then.status?.phase ||
      now.metadata.deletionTimestamp !== then.metadata.deletionTimestamp ||
      now.metadata.generation !== then.metadata.generation ||
      !sameContent(actualOf(now), actualOf(then))
    );
  }
  if (plural === 'services') return !sameContent((object as Service).spec, (before as Service).spec);
  if (plural !== 'persistentvolumeclaims') return false;
  const [now, then] = [object as PersistentVolumeClaim, before as PersistentVolumeClaim];
  return !sameContent(now.spec, then.spec) || !sameContent(now.status, then.status);
}

function actualOf({ status }: Pod): unknown {
  return status?.containerStatuses?.map(({ resources, allocatedResources }) => [
    resources,
    allocatedResources,
  ]);
}
