import { decodePatchedObject } from '../../../api/decode/patched-object.ts';
import type { JsonObject } from '../../../api/json.ts';
import type { GroupVersionKind, KubeObject } from '../../../api/objects.ts';
import { kindSchema } from '../../../api/schema/definitions.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** The other versions and groups the objects of a resource are served in: `matchPolicy: Equivalent`. */
export function equivalentsOf(
  endpoints: ReadonlyMap<string, ResourceEndpoint>,
  { endpoint, subresource }: Pick<AdmissionAttributes, 'endpoint' | 'subresource'>,
): ResourceEndpoint[] {
  const found: ResourceEndpoint[] = [];
  for (const other of endpoints.values()) {
    if (other.apiVersion === endpoint.apiVersion || other.storage.prefix !== endpoint.storage.prefix)
      continue;
    if (subresource === '' || other.resource.subresources.includes(subresource)) found.push(other);
  }
  return found;
}

/** What `object` of a request is: of the endpoint's kind, or of the one its subresource speaks of. */
export function kindOf({ kind, endpoint }: Pick<AdmissionAttributes, 'kind' | 'endpoint'>): GroupVersionKind {
  return kind ?? endpoint.gvk;
}

/**
 * What a plugin made of an object, brought into the form of its kind: unknown fields dropped, defaults set.
 * @throws ApiError 422 for values that do not fit the kind
 */
export function completed(
  attributes: Pick<AdmissionAttributes, 'kind' | 'endpoint'>,
  value: JsonObject,
): KubeObject {
  const ignore = { fieldValidation: 'Ignore' } as const;
  const { kind, endpoint } = attributes;
  if (kind) return kindSchema(kind) ? decodePatchedObject(value, kind, ignore).object : (value as KubeObject);
  const { object } = endpoint.rules.decodePatched(value, ignore);
  endpoint.rules.applyDefaults(object);
  return object;
}
