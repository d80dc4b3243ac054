import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { byVersion } from '../../api/version-order.ts';
import type { Store } from '../../store/store.ts';
import { followResource } from '../objects/resource-follower.ts';
import type { CustomKind } from '../openapi/custom-kinds.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import type { OpenWatch } from '../watch/object-watch.ts';
import type { ResourceHubs } from '../watch/resource-hub.ts';
import { isEstablished, isTerminating } from './conditions.ts';
import { customEndpoints, overlapsBuiltin } from './custom-endpoint.ts';
import type { ConversionDeps } from './webhook-converter.ts';

type Definition = Stored<CustomResourceDefinition>;

export interface CustomResourcesDeps extends ConversionDeps {
  store: Store;
  hubs: ResourceHubs;
  /** All that is served, by `group/version/plural`; those of definitions are put in and taken out. */
  endpoints: Map<string, ResourceEndpoint>;
  watches: ReadonlySet<OpenWatch>;
}

interface Served {
  /** What the endpoints were made of; where it is the same they stay. */
  spec: string;
  state: string;
  endpoints: readonly ResourceEndpoint[];
  kinds: readonly CustomKind[];
}

/** The resources of the custom resource definitions there are, served as soon as they are established. */
export class CustomResources {
  readonly #deps: CustomResourcesDeps;
  readonly #served = new Map<string, Served>();
  #changed: () => void = () => {};

  constructor(deps: CustomResourcesDeps) {
    this.#deps = deps;
  }

  /** Follows the definitions. `changed` is called when resources have come, gone or changed. */
  start(changed: () => void): () => void {
    const definitions = this.#deps.endpoints.get('apiextensions.k8s.io/v1/customresourcedefinitions')!;
    const stop = followResource<CustomResourceDefinition>(this.#deps, definitions, {
      set: (_key, definition) => this.#set(definition),
      removed: (_key, definition) => this.#remove(definition.metadata.name),
    });
    this.#changed = changed;
    changed();
    return stop;
  }

  /** One a served version, in the order discovery tells them: by group, version and name. */
  get resources(): ResourceInfo[] {
    const all = [...this.#served.values()].flatMap(({ endpoints }) => endpoints.map(each => each.resource));
    return all.sort(
      (a, b) => compare(a.group, b.group) || byVersion(a.version, b.version) || compare(a.plural, b.plural),
    );
  }

  get kinds(): CustomKind[] {
    return [...this.#served.values()].flatMap(({ kinds }) => kinds);
  }

  #set(definition: Definition): void {
    const { name } = definition.metadata;
    const known = this.#served.get(name);
    if (!isEstablished(definition) || overlapsBuiltin(definition)) {
      if (known) this.#remove(name);
      return;
    }
    const { spec, status, metadata } = definition;
    const made = JSON.stringify([metadata.uid, spec, status?.acceptedNames]);
    const state = String(isTerminating(definition));
    if (known?.spec === made && known.state === state) return;
    if (known) this.#takeOut(known, known.spec !== made);
    const endpoints = customEndpoints(this.#deps, definition);
    for (const endpoint of endpoints) this.#deps.endpoints.set(keyOf(endpoint), endpoint);
    this.#served.set(name, {
      spec: made,
      state,
      endpoints,
      kinds: endpoints.map(each => kindOf(definition, each)),
    });
    this.#changed();
  }

  #remove(name: string): void {
    const known = this.#served.get(name);
    if (!known) return;
    this.#served.delete(name);
    this.#takeOut(known, true);
    this.#changed();
  }

  /** Whoever watches begins anew, with the resource as it is then. */
  #takeOut({ endpoints }: Served, endWatches: boolean): void {
    const prefixes = new Set<string>();
    for (const endpoint of endpoints) {
      this.#deps.endpoints.delete(keyOf(endpoint));
      prefixes.add(endpoint.storage.prefix);
    }
    if (!endWatches) return;
    for (const watch of [...this.#deps.watches]) if (prefixes.has(watch.prefix)) watch.end();
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function keyOf({ resource }: ResourceEndpoint): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

function kindOf({ spec }: Definition, { resource, custom }: ResourceEndpoint): CustomKind {
  const version = spec.versions.find(each => each.name === resource.version);
  const schema = version?.schema?.openAPIV3Schema;
  return { resource, listKind: custom!.listKind, ...(schema && { schema: schema as CustomKind['schema'] }) };
}
