import type { KubeObject } from '../../api/objects.ts';
import { badRequest } from '../../api/status.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

/**
 * Brings the names in the object and in the path together (upstream's EnsureObjectNamespaceMatchesRequest
 * and checkName). In place.
 * @throws ApiError 400 when they contradict each other.
 */
export function checkNames(
  endpoint: ResourceEndpoint,
  namespace: string,
  name: string | undefined,
  object: KubeObject,
): void {
  object.metadata ??= {};
  const meta = object.metadata;
  if (meta.resourceVersion !== undefined && name === undefined) {
    if (meta.resourceVersion !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    delete meta.resourceVersion;
  }
  if (endpoint.resource.namespaced) {
    if (!meta.namespace) meta.namespace = namespace;
    if (meta.namespace !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
  } else if (meta.namespace === '') delete meta.namespace;
  if (name === undefined) return;
  if (!meta.name) meta.name = name;
  if (meta.name !== name) {
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
  }
}
