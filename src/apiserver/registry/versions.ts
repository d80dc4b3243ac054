import type { OtherVersions } from '../../api/apply/versions.ts';
import { copyJson, type JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/objects.ts';
import { internalError } from '../../api/status.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

/**
 * The object in the version another endpoint of the same resource serves. Fresh, or `object` itself.
 * @throws ApiError where a webhook cannot be asked
 */
export async function inVersionOf(
  from: ResourceEndpoint,
  to: ResourceEndpoint,
  object: KubeObject,
): Promise<KubeObject> {
  if (from.apiVersion === to.apiVersion) return object;
  if (to.storage.conversion?.fromOther) return to.storage.conversion.fromOther(object);
  const stored = (await from.storage.conversion?.toStorage(object)) ?? object;
  return to.storage.conversion?.fromStorage(stored) ?? stored;
}

/** What apply has to know of the other versions of an endpoint's kind; undefined where there are none. */
export function otherVersions(endpoint: ResourceEndpoint): OtherVersions | undefined {
  const all = endpoint.versions?.();
  if (!all) return undefined;
  const find = (apiVersion: string) => all.find(each => each.apiVersion === apiVersion);
  return {
    schemaOf: apiVersion => find(apiVersion)?.rules.schema,
    async convert(object, from, to) {
      const [source, target] = [find(from), find(to)];
      if (!source || !target) throw internalError(new Error(`there is no conversion of ${from} to ${to}`));
      // Out of a merge come nulls that stand for nothing.
      const typed = source.rules.decodePatched(copyJson(object), { fieldValidation: 'Ignore' }).object;
      return copyJson((await inVersionOf(source, target, typed)) as unknown as JsonObject);
    },
  };
}
