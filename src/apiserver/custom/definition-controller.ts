import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../api/generated/types.ts';
import { equalJson } from '../../api/json.ts';
import type { Stored } from '../../api/objects.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { WorkQueue } from '../../base/work-queue.ts';
import { cloneJson, decodeStored } from '../objects/decoded.ts';
import { followResource } from '../objects/resource-follower.ts';
import { type DeleteRequest, deleteObject } from '../registry/delete.ts';
import type { Outcome, Registry } from '../registry/registry.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import { isToBeRemoved } from '../registry/update.ts';
import type { ResourceHubs } from '../watch/resource-hub.ts';
import { cleanupFinalizer, isEstablished, statusOf, withCondition } from './conditions.ts';
import { overlapsBuiltin, storedEndpoint } from './custom-endpoint.ts';
import type { ConversionDeps } from './webhook-converter.ts';

type Definition = Stored<CustomResourceDefinition>;

export interface DefinitionControllerDeps extends ConversionDeps {
  clock: Clock;
  log: Logger;
  registry: Registry;
  hubs: ResourceHubs;
  /** Of customresourcedefinitions. */
  definitions: ResourceEndpoint;
}

const asServer: DeleteRequest = {
  user: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  dryRun: false,
  warnings: [],
  manager: 'kube-apiserver',
  options: {},
};

/**
 * Accepts the names of custom resource definitions and establishes them; empties and lets go of those that are
 * deleted. Part of the server, as upstream: a definition works without any controller manager.
 */
export class DefinitionController {
  readonly #deps: DefinitionControllerDeps;
  readonly #queue: WorkQueue<string>;
  readonly #known = new Map<string, Definition>();
  /** Definitions whose objects are on their way out, with the end of following them. */
  readonly #emptying = new Map<string, () => void>();
  #stopFollowing: (() => void) | undefined;

  constructor(deps: DefinitionControllerDeps) {
    this.#deps = deps;
    // One worker: names are given one after the other.
    this.#queue = new WorkQueue(deps, {
      name: 'custom-resource-definitions',
      retry: { initial: 50, max: 5000 },
    });
  }

  start(): void {
    const { registry, hubs, definitions } = this.#deps;
    this.#stopFollowing = followResource<CustomResourceDefinition>(
      { store: registry.store, hubs },
      definitions,
      {
        set: (_key, definition) => {
          this.#known.set(definition.metadata.name, definition);
          this.#queue.add(definition.metadata.name);
        },
        removed: (_key, { metadata, spec }) => {
          this.#known.delete(metadata.name);
          this.#forget(metadata.name);
          this.#addGroup(spec.group);
        },
      },
    );
    this.#queue.start(name => this.#reconcile(name));
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    await this.#queue.stop();
    this.#stopFollowing?.();
    for (const name of [...this.#emptying.keys()]) this.#forget(name);
  }

  async #reconcile(name: string): Promise<void> {
    const definition = this.#known.get(name);
    if (!definition) return;
    const { deletionTimestamp, finalizers } = definition.metadata;
    if (deletionTimestamp) {
      if (finalizers?.includes(cleanupFinalizer)) await this.#finalize(definition);
      return;
    }
    const before = definition.status?.acceptedNames;
    const after = await this.#write(definition, current => {
      const status = statusOf(current, [...this.#known.values()], this.#deps.registry.timestamp());
      return { ...current, status };
    });
    if (after && !equalJson(before, after.status?.acceptedNames)) this.#addGroup(definition.spec.group, name);
  }

  /** Others of the group may have waited for a name. */
  #addGroup(group: string, except?: string): void {
    for (const { metadata, spec } of this.#known.values()) {
      if (spec.group === group && metadata.name !== except) this.#queue.add(metadata.name);
    }
  }

  async #finalize(definition: Definition): Promise<void> {
    const { name } = definition.metadata;
    if (!isEstablished(definition)) {
      await this.#release(definition, 'NeverEstablished', 'resource was never established');
      return;
    }
    if (overlapsBuiltin(definition)) {
      const why = 'instances overlap with built-in resources in storage';
      await this.#release(definition, 'OverlappingBuiltInResource', why);
      return;
    }
    const inProgress = terminating(
      'True',
      'InstanceDeletionInProgress',
      'CustomResource deletion is in progress',
    );
    await this.#setCondition(definition, inProgress);
    const endpoint = storedEndpoint(this.#deps, definition);
    const { prefix } = endpoint.storage;
    const { store } = this.#deps.registry;
    if (!this.#emptying.has(name) && store.count(prefix) > 0) {
      const again = { changes: () => store.count(prefix) === 0 && this.#queue.add(name) };
      this.#emptying.set(name, this.#deps.hubs.of(prefix).subscribe(prefix, store.revision, again));
      await this.#deleteAll(endpoint);
    }
    if (store.count(prefix) > 0) return;
    this.#forget(name);
    await this.#release(definition, 'InstanceDeletionCompleted', 'removed all instances');
  }

  async #deleteAll(endpoint: ResourceEndpoint): Promise<void> {
    const { registry } = this.#deps;
    for (const entry of registry.store.list(endpoint.storage.prefix).entries) {
      const { namespace = '', name } = decodeStored(entry).metadata;
      await deleteObject(registry, endpoint, namespace, name, asServer).catch(error => {
        if (error?.reason !== 'NotFound') throw error;
      });
    }
  }

  #forget(name: string): void {
    this.#emptying.get(name)?.();
    this.#emptying.delete(name);
  }

  async #release(definition: Definition, reason: string, message: string): Promise<void> {
    const now = this.#deps.registry.timestamp();
    await this.#write(definition, current => {
      const changed = cloneJson(current);
      const finalizers = changed.metadata.finalizers?.filter(each => each !== cleanupFinalizer) ?? [];
      if (finalizers.length > 0) changed.metadata.finalizers = finalizers;
      else delete changed.metadata.finalizers;
      const conditions = withCondition(
        changed.status?.conditions ?? [],
        terminating('False', reason, message),
        now,
      );
      return { ...changed, status: { ...changed.status, conditions } };
    });
  }

  #setCondition(definition: Definition, condition: CustomResourceDefinitionCondition): Promise<unknown> {
    const now = this.#deps.registry.timestamp();
    return this.#write(definition, current => {
      const conditions = withCondition(current.status?.conditions ?? [], condition, now);
      return { ...current, status: { ...current.status, conditions } };
    });
  }

  /** Writes what `change` makes of the definition, as long as it is still the same one. */
  async #write(
    definition: Definition,
    change: (current: Definition) => CustomResourceDefinition,
  ): Promise<CustomResourceDefinition | undefined> {
    const { registry, definitions } = this.#deps;
    const { name, uid } = definition.metadata;
    const decide = (current: Stored | undefined): Outcome => {
      if (current?.metadata.uid !== uid) return { kind: 'keep' };
      const object = change(current as Definition);
      if (isToBeRemoved(object)) return { kind: 'remove', object };
      return equalJson(object, current) ? { kind: 'keep' } : { kind: 'write', object };
    };
    if (!registry.entry(definitions, '', name)) return undefined;
    const result = await registry.change(definitions, '', name, decide);
    return result.object() as CustomResourceDefinition;
  }
}

function terminating(status: string, reason: string, message: string): CustomResourceDefinitionCondition {
  return { type: 'Terminating', status, reason, message };
}
