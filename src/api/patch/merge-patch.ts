import { copyJson, isObject, type JsonObject, setMember } from '../json.ts';

/**
 * JSON merge patch, RFC 7386: members of the patch replace, null ones delete, objects merge. Neither argument
 * is changed, nor shared with the result.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return copyJson(patch);
  const result: JsonObject = isObject(target) ? copyJson(target) : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else if (value !== undefined) {
      const own = Object.hasOwn(result, key) ? result[key] : undefined;
      setMember(result, key, isObject(value) ? mergePatch(own, value) : copyJson(value));
    }
  }
  return result;
}
