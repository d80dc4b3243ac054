import type { ObjectMeta, OwnerReference } from '../../api/generated/types.ts';
import { formatApiVersion, type KubeObject, type Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';

/** The reference that makes `owner` the controller of an object. */
export function controllerReference(owner: Stored, resource: ResourceInfo): OwnerReference {
  return {
    apiVersion: formatApiVersion(resource.group, resource.version),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: { metadata?: ObjectMeta }): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(reference => reference.controller);
}

export function isControlledBy(object: KubeObject, owner: Stored): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The key of an object's controller where it is of that kind: `namespace/name`. */
export function controllerKey(object: KubeObject, resource: ResourceInfo): string | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== resource.kind) return undefined;
  if (reference.apiVersion !== formatApiVersion(resource.group, resource.version)) return undefined;
  return `${object.metadata?.namespace}/${reference.name}`;
}
