import { formatApiVersion, type KubeObject } from '../../api/objects.ts';
import { builtinByResource, builtinResources, type ResourceInfo } from '../../api/resources.ts';
import { autoscalerConversion } from './autoscaler-conversion.ts';
import type { Held } from './decoded.ts';
import { eventConversion } from './event-conversion.ts';

/** Between the version a client speaks and the one that is stored. Both make fresh objects. */
export interface Conversion {
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject>;
  /** @param held what `object` was decoded from, where it is stored */
  fromStorage(object: KubeObject, held?: Held): KubeObject;
  /**
   * Makes ready what `fromStorage` will be asked for: what is stored, or objects that are not stored. There where
   * somebody else has to be asked (webhooks).
   * @throws ApiError
   */
  prepare?(stored: readonly (Held | KubeObject)[]): Promise<void>;
  /** As it is in any other version, neither stored nor completed. @throws ApiError */
  fromOther?(object: KubeObject): Promise<KubeObject>;
  /** Whether stored bytes may be served as they stand. Absent: none may. */
  isServed?(bytes: Uint8Array): boolean;
}

/** How and where the objects of a resource are stored. */
export interface StorageForm {
  /** The resource in the version it is stored as. */
  readonly resource: ResourceInfo;
  readonly apiVersion: string;
  /** All keys begin with this: `/core/pods/`. */
  readonly prefix: string;
  /** Undefined where the served version is the stored one. */
  readonly conversion?: Conversion;
}

const conversions: Record<string, { version: string; group: string; conversion: Conversion }> = {
  'events.k8s.io/v1/events': { group: '', version: 'v1', conversion: eventConversion },
  'autoscaling/v1/horizontalpodautoscalers': {
    group: 'autoscaling',
    version: 'v2',
    conversion: autoscalerConversion,
  },
};

export function storageFormOf(resource: ResourceInfo): StorageForm {
  const served = formatApiVersion(resource.group, resource.version);
  const other = conversions[`${served}/${resource.plural}`];
  const stored = other
    ? builtinByResource({ group: other.group, version: other.version, resource: resource.plural })!
    : resource;
  return {
    resource: stored,
    apiVersion: formatApiVersion(stored.group, stored.version),
    prefix: `/${stored.group || 'core'}/${stored.plural}/`,
    ...(other && { conversion: other.conversion }),
  };
}

/** A built-in resource in all the versions and groups it is served in. */
export function builtinVersionsOf(resource: ResourceInfo): readonly ResourceInfo[] {
  const { prefix } = storageFormOf(resource);
  return builtinResources.filter(
    other => other.plural === resource.plural && storageFormOf(other).prefix === prefix,
  );
}

/** Whether the stored bytes of all of these may be served as they stand. */
export function servedAsStored({ conversion }: StorageForm, stored: readonly Held[]): boolean {
  if (!conversion) return true;
  const { isServed } = conversion;
  return isServed !== undefined && stored.every(held => isServed(held.value));
}

/** The key of one object; `namespace` is empty for a cluster-wide resource. */
export function storageKey(form: StorageForm, namespace: string, name: string): string {
  return namespace ? `${form.prefix}${namespace}/${name}` : form.prefix + name;
}

/** The prefix of all objects in a namespace, or of all. */
export function collectionPrefix(form: StorageForm, namespace: string): string {
  return namespace ? `${form.prefix}${namespace}/` : form.prefix;
}
