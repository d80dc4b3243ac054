import type { JsonObject } from '../../api/json.ts';
import { formatApiVersion, type GroupVersionKind, type KubeObject } from '../../api/objects.ts';
import { jsonPatch } from '../../api/patch/json-patch.ts';
import { mergePatch } from '../../api/patch/merge-patch.ts';
import { strategicMergePatch } from '../../api/patch/strategic-merge-patch.ts';
import { badRequest, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { applyType } from './apply.ts';
import { readApplyOptions } from './field-ownership.ts';
import type { ObjectRules } from './object-rules.ts';
import { bodyMediaType, fieldValidation, readBody } from './request-object.ts';

const jsonType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
const strategicType = 'application/strategic-merge-patch+json';

type Patch = (old: KubeObject | undefined) => KubeObject;

/**
 * Reads a PATCH's body and returns what it makes of an object of kind `gvk`.
 * @throws ApiError 415 for a patch type the kind does not take
 */
export async function readPatchOf(call: Call, gvk: GroupVersionKind, rules: ObjectRules): Promise<Patch> {
  const schema = rules.strategic ? rules.schema : undefined;
  const accepted = schema ? [jsonType, mergeType, strategicType] : [jsonType, mergeType];
  const type = bodyMediaType(call);
  readApplyOptions(call, false);
  if (!accepted.includes(type)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${[...accepted, applyType].join(', ')}`,
    );
  }
  const patch = await readBody(call, accepted);
  if (patch === undefined) throw badRequest('the patch is empty');
  const apply = (target: unknown): unknown => {
    if (type === jsonType) return jsonPatch(target, patch);
    if (type === mergeType) return mergePatch(target, patch);
    return strategicMergePatch(target, patch, schema!);
  };
  const options = fieldValidation(call);
  let warned = false;
  return old => {
    const patched = apply(old) as JsonObject;
    const { object, warnings } = rules.decodePatched(
      patched,
      options,
      type === strategicType ? patch : undefined,
    );
    if (!warned) call.warnings.push(...warnings);
    warned = true;
    object.apiVersion = formatApiVersion(gvk.group, gvk.version);
    object.kind = gvk.kind;
    object.metadata ??= {};
    return object;
  };
}
