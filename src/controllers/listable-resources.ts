import type { CustomResourceDefinition } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { builtinResources, completeResource, type ResourceInfo } from '../api/resources.ts';
import type { Cancel } from '../base/clock.ts';
import type { Informer } from '../client/informer.ts';
import type { InformerSource } from './controller.ts';
import { builtin } from './resources.ts';

/**
 * Every collection objects can lie in: the built-in ones and those of custom resource definitions as they come
 * and go. One row a stored collection: `events` once, `autoscaling` in its preferred version.
 */
export class ListableResources {
  readonly definitions: Informer<CustomResourceDefinition>;

  constructor(informers: InformerSource) {
    this.definitions = informers.informer(builtin('apiextensions.k8s.io/v1', 'customresourcedefinitions'));
  }

  current(): ResourceInfo[] {
    return [...storedBuiltins(), ...this.definitions.list().flatMap(resourceOf)];
  }

  /** Tells of every collection there is, and of each that comes and goes. */
  subscribe(handler: CollectionHandler): Cancel {
    for (const resource of storedBuiltins()) handler.added(resource);
    const known = new Map<string, ResourceInfo>();
    const tell = (definition: Stored<CustomResourceDefinition>) => {
      const { name } = definition.metadata;
      const before = known.get(name);
      const [resource] = resourceOf(definition);
      // While a definition is being deleted its objects are still there to be watched.
      if (!resource || (before && before.version === resource.version)) return;
      known.set(name, resource);
      if (before) handler.removed(before, 'renamed');
      handler.added(resource);
    };
    const forget = ({ metadata: { name } }: Stored<CustomResourceDefinition>) => {
      const before = known.get(name);
      if (!known.delete(name)) return;
      handler.removed(before!, 'gone');
    };
    return this.definitions.addHandler({ added: tell, updated: tell, deleted: forget });
  }
}

/** Is told of the collections; `removed` comes before `added` where a version takes another one's place. */
export interface CollectionHandler {
  added(resource: ResourceInfo): void;
  /** `gone`: with all its objects; `renamed`: they are served in another version; `unserved`: nobody can tell. */
  removed(resource: ResourceInfo, why: 'gone' | 'renamed' | 'unserved'): void;
}

function storedBuiltins(): ResourceInfo[] {
  const byStorage = new Map<string, ResourceInfo>();
  for (const resource of builtinResources) {
    const { verbs, storageGroup, plural } = resource;
    if (!verbs.includes('list') || !verbs.includes('delete')) continue;
    const key = `${storageGroup}/${plural}`;
    if (!byStorage.has(key)) byStorage.set(key, resource);
  }
  return [...byStorage.values()];
}

/** The resource a definition serves once its names are accepted, in the version it is stored in. */
function resourceOf({ spec, status, metadata }: Stored<CustomResourceDefinition>): ResourceInfo[] {
  const established = status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  if (!established || metadata.deletionTimestamp) return [];
  const served = spec.versions.filter(version => version.served);
  const version = served.find(({ storage }) => storage) ?? served[0];
  if (!version) return [];
  const { kind, plural } = spec.names;
  return [
    completeResource({
      group: spec.group,
      version: version.name,
      kind,
      plural,
      namespaced: spec.scope === 'Namespaced',
    }),
  ];
}
