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

  /** Calls `added` for every collection there is and for each that comes. */
  subscribe(added: (resource: ResourceInfo) => void): Cancel {
    for (const resource of storedBuiltins()) added(resource);
    const known = new Set<string>();
    const tell = (definition: Stored<CustomResourceDefinition>) => {
      for (const resource of resourceOf(definition)) {
        const key = `${resource.group}/${resource.version}/${resource.plural}`;
        if (!known.has(key)) added(resource);
        known.add(key);
      }
    };
    return this.definitions.addHandler({ added: tell, updated: tell });
  }
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
