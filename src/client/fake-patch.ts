import type { GroupVersionKind } from '../api/objects.ts';
import { jsonPatch } from '../api/patch/json-patch.ts';
import { mergePatch } from '../api/patch/merge-patch.ts';
import { strategicMergePatch } from '../api/patch/strategic-merge-patch.ts';
import { kindSchema } from '../api/schema/definitions.ts';
import { unsupportedMediaType } from '../api/status.ts';

/**
 * The patched object. An apply patch is taken as a strategic merge: the fake API knows no field owners.
 * @throws ApiError UnsupportedMediaType for a strategic patch of a kind without a schema
 */
export function fakePatch<T extends object>(
  target: T,
  patch: unknown,
  contentType: string,
  gvk: GroupVersionKind,
): T {
  if (contentType.includes('json-patch')) return jsonPatch(target, patch) as T;
  if (contentType.includes('/merge-patch')) return mergePatch(target, patch) as T;
  const schema = kindSchema(gvk);
  if (!schema) throw unsupportedMediaType(`the fake API has no schema of ${gvk.kind}`);
  return strategicMergePatch(target, patch, schema) as T;
}
