import { unsupportedMediaType } from '../api/status.ts';

type Json = Record<string, unknown>;

/** The key by which a strategic merge patch joins lists of these names; other lists are replaced whole. */
const mergeKeys: Record<string, string> = {
  addresses: 'type',
  conditions: 'type',
  containers: 'name',
  env: 'name',
  hostIPs: 'ip',
  initContainers: 'name',
  ownerReferences: 'uid',
  podIPs: 'ip',
  volumes: 'name',
};

/**
 * The patched object: merge patches exactly (RFC 7386), strategic ones by the keys above, apply as a merge.
 * @throws ApiError UnsupportedMediaType for JSON patches
 */
export function fakePatch<T extends object>(target: T, patch: unknown, contentType: string): T {
  const strategic = contentType.includes('strategic') || contentType.includes('apply');
  if (contentType.includes('json-patch')) throw unsupportedMediaType('the fake API takes no JSON patches');
  return merge(target as Json, patch as Json, strategic) as T;
}

function merge(target: Json, patch: Json, strategic: boolean): Json {
  const result = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergeField(name, result[name], value, strategic);
  }
  return result;
}

function mergeField(name: string, present: unknown, value: unknown, strategic: boolean): unknown {
  const key = mergeKeys[name];
  if (strategic && key && Array.isArray(present) && Array.isArray(value)) {
    return mergeList(present as Json[], value as Json[], key);
  }
  if (strategic && name === 'finalizers' && Array.isArray(present) && Array.isArray(value)) {
    return [...new Set([...present, ...value])];
  }
  if (!isObject(value)) return value;
  return merge(isObject(present) ? present : {}, value, strategic);
}

function mergeList(present: Json[], patches: Json[], key: string): Json[] {
  if (patches.some(({ $patch }) => $patch === 'replace')) return patches.filter(({ $patch }) => !$patch);
  const result = [...present];
  for (const patch of patches) {
    const at = result.findIndex(item => item[key] === patch[key]);
    if (patch.$patch === 'delete') result.splice(at, at < 0 ? 0 : 1);
    else if (at < 0) result.push(patch);
    else result[at] = merge(result[at]!, patch, true);
  }
  return result;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
