import { formatApiVersion, type GroupVersionKind } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { QualifiedName } from '../../api/status.ts';
import { type StorageForm, storageFormOf } from '../objects/storage-form.ts';

/** A resource as it is served in one version, and how it is stored. */
export interface ResourceEndpoint {
  readonly resource: ResourceInfo;
  readonly apiVersion: string;
  readonly gvk: GroupVersionKind;
  /** For error texts: `pods`, `deployments.apps`. */
  readonly qualified: QualifiedName;
  /** The kind in its group, for 422 texts. */
  readonly qualifiedKind: QualifiedName;
  readonly storage: StorageForm;
}

export function endpointOf(resource: ResourceInfo): ResourceEndpoint {
  const { group, version, kind, plural } = resource;
  return {
    resource,
    apiVersion: formatApiVersion(group, version),
    gvk: { group, version, kind },
    qualified: { group, resource: plural },
    qualifiedKind: { group, resource: kind },
    storage: storageFormOf(resource),
  };
}
