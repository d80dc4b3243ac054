import type { KubeObject, Stored } from '../../api/objects.ts';
import type { FieldError } from '../../api/status.ts';
import type { WriteOptions } from './create.ts';
import type { DeleteRequest } from './delete.ts';
import type { Registry } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

/**
 * Where a kind differs from the generic registry in ways that need more than the object itself: other
 * objects, the clock, allocators. What is pure stands in src/api/kinds.
 */
export interface Strategy {
  /** After defaults and preparation, before validation. May take resources (addresses). */
  beforeCreate?(registry: Registry, object: KubeObject, options: WriteOptions): void | Promise<void>;
  afterCreate?(registry: Registry, object: KubeObject, options: WriteOptions): void | Promise<void>;
  /** Gives back what `beforeCreate` took: the object was not stored. */
  afterFailedCreate?(registry: Registry, object: KubeObject, options: WriteOptions): void | Promise<void>;
  beforeUpdate?(
    registry: Registry,
    object: KubeObject,
    old: Stored,
    options: WriteOptions,
  ): void | Promise<void>;
  /** What is wrong with an object by what others say. `old` where it is changed, by itself or by a subresource. */
  findings?(object: KubeObject, old?: Stored, subresource?: string): FieldError[];
  /** The update of `object` did not come about. */
  afterFailedUpdate?(registry: Registry, object: KubeObject, old: Stored): void | Promise<void>;
  afterUpdate?(registry: Registry, object: KubeObject, old: Stored): void | Promise<void>;
  afterDelete?(registry: Registry, object: KubeObject): void | Promise<void>;
  /** Seconds of grace a deletion gets; undefined where the kind is deleted at once. */
  gracePeriod?(object: Stored, asked: number | undefined): number;
  /** Says what deletion comes to, in place of the generic way. */
  decideDelete?(
    registry: Registry,
    object: Stored,
    request: DeleteRequest,
  ): KubeObject | 'remove' | 'keep' | undefined;
  /** Whether an object with a deletionTimestamp and no finalizers is really to go. Default yes. */
  mayRemove?(object: KubeObject): boolean;
}

const generic: Strategy = {};

/** Kinds whose DELETE answers with the object, not with a Status (upstream's ReturnDeletedObject). */
const returnedKinds = new Set([
  'CSIDriver',
  'CSINode',
  'DeviceClass',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'Pod',
  'PodTemplate',
  'ResourceClaim',
  'ResourceClaimTemplate',
  'ResourceQuota',
  'ResourceSlice',
  'ServiceAccount',
  'Service',
  'StorageClass',
  'VolumeAttachment',
  'VolumeAttributesClass',
]);

export function returnsDeleted({ resource }: ResourceEndpoint): boolean {
  return returnedKinds.has(resource.kind);
}

/** The strategies by group and kind: `core/Pod`. */
export type Strategies = Readonly<Record<string, Strategy>>;

export function strategyIn(strategies: Strategies, endpoint: ResourceEndpoint): Strategy {
  const { group, kind } = endpoint.storage.resource;
  return strategies[`${group || 'core'}/${kind}`] ?? generic;
}
