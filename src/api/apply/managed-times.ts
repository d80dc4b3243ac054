import { equalJson, isObject, type JsonObject } from '../json.ts';

/**
 * Whether two objects differ in the times of their managedFields at most. A write that would change nothing
 * else is none (apiserver's `ignoreManagedFieldsTimestampsTransformer`): the live object stays as it is.
 */
export function onlyTimesDiffer(live: JsonObject, next: JsonObject): boolean {
  return equalJson(withoutTimes(live), withoutTimes(next));
}

function withoutTimes(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata) || !Array.isArray(metadata.managedFields)) return object;
  const managedFields = metadata.managedFields.map(entry => ({ ...(entry as object), time: undefined }));
  return { ...object, metadata: { ...metadata, managedFields } };
}
