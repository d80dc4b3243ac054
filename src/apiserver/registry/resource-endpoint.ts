import type { CustomFields } from '../../api/field-selector.ts';
import type { CustomResourceSubresourceScale } from '../../api/generated/types.ts';
import { formatApiVersion, type GroupVersionKind } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { QualifiedName } from '../../api/status.ts';
import { builtinVersionsOf, type StorageForm, storageFormOf } from '../objects/storage-form.ts';
import type { PrinterColumn } from '../tables/custom-columns.ts';
import { builtinRules, type ObjectRules } from './object-rules.ts';

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
  readonly rules: ObjectRules;
  /** The resource in all its versions, this one among them, served or not; absent where there is one only. */
  readonly versions?: () => readonly ResourceEndpoint[];
  /** What a custom resource definition says; undefined for built-in kinds. */
  readonly custom?: CustomFacts;
}

export interface CustomFacts {
  readonly listKind: string;
  readonly columns: readonly PrinterColumn[];
  readonly selectable: CustomFields;
  readonly scale?: CustomResourceSubresourceScale;
  /** For the Warning header of every request: the version is deprecated. */
  readonly warning?: string;
  /** The definition is being deleted: nothing more is created. */
  readonly terminating: boolean;
}

export function endpointOf(resource: ResourceInfo): ResourceEndpoint {
  const { group, version, kind, plural } = resource;
  const versions = builtinVersionsOf(resource);
  return {
    resource,
    apiVersion: formatApiVersion(group, version),
    gvk: { group, version, kind },
    qualified: { group, resource: plural },
    qualifiedKind: { group, resource: kind },
    storage: storageFormOf(resource),
    rules: builtinRules({ group, version, kind }),
    ...(versions.length > 1 && { versions: () => versions.map(endpointOf) }),
  };
}
