import { applyConfiguration } from '../../api/apply/server-side-apply.ts';
import type { Scale } from '../../api/generated/types.ts';
import type { JsonObject } from '../../api/json.ts';
import type { GroupVersionKind, KubeObject } from '../../api/objects.ts';
import { formatApiVersion } from '../../api/objects.ts';
import { kindSchema } from '../../api/schema/definitions.ts';
import { badRequest, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { readConfiguration } from './apply.ts';
import { managementOf, readApplyOptions } from './field-ownership.ts';
import type { Registry } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { setReplicas } from './scale.ts';

/**
 * Reads an apply patch of a Scale and returns what it makes of the object it stands for. The replicas belong to
 * the applier from then on, in the object's own managedFields and under the subresource's name.
 * @throws ApiError 400, 422; what is returned throws 409 for conflicts
 */
export async function readScaleApply(
  call: Call,
  registry: Registry,
  endpoint: ResourceEndpoint,
  gvk: GroupVersionKind,
): Promise<(old: KubeObject) => Promise<KubeObject>> {
  const { manager, force } = readApplyOptions(call, true);
  const scale = await readConfiguration(call);
  if (scale.kind !== gvk.kind) {
    throw badRequest(
      `Incorrect kind specified in apply patch. Specified patch kind: ${scale.kind ?? ''}, expected: ${gvk.kind}`,
    );
  }
  const management = managementOf(registry, endpoint, 'scale', manager);
  if (!management)
    throw unsupportedMediaType(`${endpoint.apiVersion} ${endpoint.gvk.kind} can not be applied`);
  // By itself, for what it says that a Scale can not say.
  const apiVersion = formatApiVersion(gvk.group, gvk.version);
  const own = { ...management, apiVersion, kind: gvk.kind, schema: kindSchema(gvk)! };
  await applyConfiguration(undefined, scale, { ...own, force });
  const config = configurationOf(endpoint, scale as Scale & JsonObject);
  return async old => {
    const { object } = await applyConfiguration(old as JsonObject, config, { ...management, force });
    return endpoint.rules.decodePatched(object, { fieldValidation: 'Ignore' }).object;
  };
}

/** The configuration of the object that says as much as the Scale does. */
function configurationOf(endpoint: ResourceEndpoint, { metadata, spec }: Scale & JsonObject): JsonObject {
  const config: JsonObject = { apiVersion: endpoint.apiVersion, kind: endpoint.gvk.kind, metadata };
  if (spec?.replicas !== undefined) setReplicas(endpoint, config, spec.replicas);
  return config;
}
