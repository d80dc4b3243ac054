import { isDeepStrictEqual } from 'node:util';
import type { OwnerReference } from '../../api/generated/types.ts';
import { objectKey, type Stored, splitKey } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import { AggregatedCollections } from '../aggregated-resources.ts';
import { isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { type CollectionHandler, ListableResources } from '../listable-resources.ts';
import {
  type CollectionStep,
  foregroundFinalizer,
  isOrphaning,
  isWaitingForDependents,
  type OwnerState,
  orphanFinalizer,
  planCollection,
} from './collection-plan.ts';
import { Collections, NamespacedOwnerError, namespaceOf } from './collections.ts';
import { formatRef, type ObjectRef, objectRef, parseRef, resourceId } from './object-ref.ts';
import { OwnerGraph } from './owner-graph.ts';

export interface GarbageCollectorOptions {
  workers?: number;
}

/** Events name nobody as their owner and come by the thousands. */
const ignored = new Set(['events.']);

/**
 * Deletes what belongs to owners that are gone, and carries out foreground and orphaning deletion: the
 * owner's finalizer is taken off when its dependents are gone, or are let go.
 */
export class GarbageCollector implements Component {
  readonly name = 'garbage-collector';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #listable: ListableResources;
  readonly #aggregated: AggregatedCollections;
  readonly #collections: Collections;
  readonly #graph = new OwnerGraph();
  readonly #detach = new Map<string, () => void>();
  /** Objects of collections that go on in another version, until that one is listed. */
  readonly #carried = new Map<string, readonly Stored[]>();
  #unsubscribe: (() => void)[] = [];

  constructor(deps: ControllerDeps, options: GarbageCollectorOptions = {}) {
    this.#deps = deps;
    this.#listable = new ListableResources(deps.informers);
    this.#aggregated = new AggregatedCollections(deps);
    this.#collections = new Collections(deps.transport);
    const { workers = 20 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#listable.definitions);
    this.#loop.follow(this.#aggregated.services);
  }

  async start(signal: AbortSignal): Promise<void> {
    const synced: Promise<void>[] = [];
    const handler: CollectionHandler = {
      added: resource => {
        const watched = this.#watch(resource, signal);
        // Those that come later are awaited by nobody.
        watched.catch(() => undefined);
        synced.push(watched);
      },
      removed: (resource, why) => this.#unwatch(resource, why === 'gone'),
    };
    this.#unsubscribe = [this.#listable.subscribe(handler), this.#aggregated.subscribe(handler)];
    await Promise.all(synced);
    await this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const detach of this.#detach.values()) detach();
    this.#detach.clear();
    await this.#loop.stop();
  }

  #watch(resource: ResourceInfo, signal: AbortSignal): Promise<void> {
    const { plural, storageGroup } = resource;
    if (ignored.has(`${plural}.${storageGroup}`)) return Promise.resolve();
    const informer = this.#deps.informers.informer(resource);
    this.#collections.add(resource, informer);
    const detach = informer.addHandler({
      added: object => this.#changed(resource, object),
      updated: (object, before) => {
        if (before.metadata.uid !== object.metadata.uid) this.#gone(resource, before);
        this.#changed(resource, object, before);
      },
      deleted: object => this.#gone(resource, object),
    });
    this.#detach.set(resourceId(resource), detach);
    return informer.whenSynced(signal).then(() => this.#dropCarried(resource, informer));
  }

  #unwatch(resource: ResourceInfo, gone: boolean): void {
    const id = resourceId(resource);
    this.#detach.get(id)?.();
    this.#detach.delete(id);
    const objects = this.#collections.remove(resource, gone);
    if (!gone) this.#carried.set(id, objects);
    else for (const object of objects) this.#gone(resource, object);
    this.#deps.informers.release(resource);
  }

  /** What went while a collection was between two versions is told of now. */
  #dropCarried(resource: ResourceInfo, informer: Informer): void {
    const id = resourceId(resource);
    for (const object of this.#carried.get(id) ?? []) {
      if (informer.getByKey(objectKey(object))?.metadata.uid !== object.metadata.uid) {
        this.#gone(resource, object);
      }
    }
    this.#carried.delete(id);
  }

  #changed(resource: ResourceInfo, object: Stored, before?: Stored): void {
    const { metadata } = object;
    const earlier = before?.metadata;
    const ownersChanged = !isDeepStrictEqual(metadata.ownerReferences, earlier?.ownerReferences);
    const finalizersChanged = !isDeepStrictEqual(metadata.finalizers, earlier?.finalizers);
    if (!ownersChanged && !finalizersChanged && !isNewlyDeleting(object, before)) return;
    const ref = objectRef(resource, object);
    const previous = this.#graph.set(ref, metadata.ownerReferences);
    if (ownersChanged) {
      this.#wakeOwners(previous, ref);
      if (metadata.ownerReferences?.length) this.#loop.add(formatRef(ref));
    }
    if (isWaitingForDependents(object)) {
      this.#loop.add(formatRef(ref));
      for (const dependent of this.#graph.dependentsOf(ref.uid)) this.#loop.add(formatRef(dependent));
    } else if (isOrphaning(object)) {
      this.#loop.add(formatRef(ref));
    }
  }

  #gone(resource: ResourceInfo, object: Stored): void {
    const ref = objectRef(resource, object);
    for (const dependent of this.#graph.dependentsOf(ref.uid)) this.#loop.add(formatRef(dependent));
    this.#wakeOwners(this.#graph.remove(ref.uid), ref);
  }

  /** Owners may have waited for just this dependent. */
  #wakeOwners(owners: readonly OwnerReference[], dependent: ObjectRef): void {
    for (const owner of owners) {
      const ref = this.#collections.ownerRef(owner, namespaceOf(dependent));
      const object = ref && this.#collections.object(ref);
      if (object && isWaitingForDependents(object)) this.#loop.add(formatRef(ref));
    }
  }

  async #reconcile(key: string): Promise<void> {
    const ref = parseRef(key);
    const object = this.#collections.object(ref);
    if (!object) return;
    try {
      if (isOrphaning(object)) await this.#orphan(ref, object);
      else if (isWaitingForDependents(object)) await this.#finishForeground(ref, object);
      await this.#collect(ref, object);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
  }

  async #collect(ref: ObjectRef, object: Stored): Promise<void> {
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const owners: { reference: OwnerReference; state: OwnerState }[] = [];
    for (const reference of references) {
      const state = await this.#stateOf(reference, object);
      if (!state) return;
      owners.push({ reference, state });
    }
    const dependents = this.#graph
      .dependentsOf(ref.uid)
      .flatMap(other => this.#collections.object(other) ?? []);
    await this.#apply(ref, object, planCollection(object, owners, dependents));
  }

  /** Undefined where the reference makes no sense; nothing is deleted on its account. */
  async #stateOf(reference: OwnerReference, object: Stored): Promise<OwnerState | undefined> {
    try {
      const owner = await this.#collections.owner(reference, object.metadata.namespace ?? '');
      if (!owner) return 'absent';
      return isWaitingForDependents(owner) ? 'waiting' : 'solid';
    } catch (error) {
      if (!(error instanceof NamespacedOwnerError)) throw error;
      this.#deps.recorder.event(object, 'Warning', 'OwnerRefInvalidNamespace', errorChain(error));
      return undefined;
    }
  }

  async #apply(ref: ObjectRef, object: Stored, step: CollectionStep): Promise<void> {
    const client = this.#collections.client(ref);
    if (!client || step.do === 'nothing') return;
    const { namespace, name } = splitKey(ref.key);
    const by = this.name;
    if (step.do === 'drop-references') {
      const ownerReferences = object.metadata.ownerReferences?.filter(({ uid }) => !step.uids.includes(uid));
      await this.#patchMetadata(ref, object, { ownerReferences });
      const why = 'the owner is gone, others remain';
      this.#deps.decisions.record('controller.updated', decisionObject(object), { by, why });
      return;
    }
    if (step.unblock) {
      const { ownerReferences = [] } = object.metadata;
      const unblocked = ownerReferences.map(owner => ({ ...owner, blockOwnerDeletion: false }));
      await this.#patchMetadata(ref, object, { ownerReferences: unblocked });
    }
    await client.delete(namespace, name, {
      preconditions: { uid: ref.uid },
      propagationPolicy: step.policy,
    });
    this.#deps.decisions.record('controller.deleted', decisionObject(object), { by, why: step.why });
  }

  /** Lets an owner go that has waited for its dependents, or asks those that are left to go. */
  async #finishForeground(ref: ObjectRef, object: Stored): Promise<void> {
    const blocking = this.#graph.blockingDependentsOf(ref.uid);
    if (blocking.length === 0) {
      await this.#removeFinalizer(ref, object, foregroundFinalizer);
      return;
    }
    for (const dependent of blocking) {
      const other = this.#collections.object(dependent);
      if (other && !isWaitingForDependents(other)) this.#loop.add(formatRef(dependent));
    }
  }

  /** Takes the owner off its dependents, then lets the owner go. */
  async #orphan(ref: ObjectRef, object: Stored): Promise<void> {
    for (const dependent of this.#graph.dependentsOf(ref.uid)) {
      const other = this.#collections.object(dependent);
      if (!other) continue;
      const ownerReferences = other.metadata.ownerReferences?.filter(({ uid }) => uid !== ref.uid);
      await this.#patchMetadata(dependent, other, { ownerReferences }).catch(error => {
        if (!isNotFound(error)) throw error;
      });
      const why = `its owner ${object.metadata.name} is deleted and leaves it behind`;
      this.#deps.decisions.record('controller.updated', decisionObject(other), { by: this.name, why });
    }
    await this.#removeFinalizer(ref, object, orphanFinalizer);
  }

  async #removeFinalizer(ref: ObjectRef, object: Stored, finalizer: string): Promise<void> {
    const finalizers = (object.metadata.finalizers ?? []).filter(name => name !== finalizer);
    await this.#patchMetadata(ref, object, { finalizers });
  }

  /** Fails with a conflict where the object has changed since: the change is told by its informer. */
  async #patchMetadata(ref: ObjectRef, object: Stored, metadata: object): Promise<void> {
    const { namespace, name } = splitKey(ref.key);
    const { uid, resourceVersion } = object.metadata;
    const patch = { metadata: { ...metadata, uid, resourceVersion } };
    await this.#collections.client(ref)?.patch(namespace, name, patch, { type: 'merge' });
  }
}

function isNewlyDeleting(object: Stored, before: Stored | undefined): boolean {
  return object.metadata.deletionTimestamp !== undefined && !before?.metadata.deletionTimestamp;
}
