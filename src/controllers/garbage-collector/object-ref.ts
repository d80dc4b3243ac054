import { objectKey, type Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';

/** One object of one collection, as the garbage collector speaks of it. */
export interface ObjectRef {
  /** `plural.group`: `deployments.apps`, `pods.`. */
  resource: string;
  /** `namespace/name`, or `name`. */
  key: string;
  uid: string;
}

export function resourceId({ plural, storageGroup }: ResourceInfo): string {
  return `${plural}.${storageGroup}`;
}

export function objectRef(resource: ResourceInfo, object: Stored): ObjectRef {
  return { resource: resourceId(resource), key: objectKey(object), uid: object.metadata.uid };
}

/** The text a work queue keeps of a reference; none of the parts can contain a blank. */
export function formatRef({ resource, key, uid }: ObjectRef): string {
  return `${resource} ${key} ${uid}`;
}

export function parseRef(text: string): ObjectRef {
  const [resource = '', key = '', uid = ''] = text.split(' ');
  return { resource, key, uid };
}
