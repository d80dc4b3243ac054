import type { KubeObject } from '../../api/objects.ts';
import { jsonPatch } from '../../api/patch/json-patch.ts';
import { mergePatch } from '../../api/patch/merge-patch.ts';
import { strategicMergePatch } from '../../api/patch/strategic-merge-patch.ts';
import { kindSchema } from '../../api/schema/definitions.ts';
import { badRequest, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { cloneJson } from '../objects/decoded.ts';
import { bodyMediaType, checkedObject, readBody } from './request-object.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;

/**
 * Reads a PATCH's body and returns what it makes of an object.
 * @throws ApiError 415 for a patch type the kind does not take
 */
export async function readPatch(
  call: Call,
  endpoint: ResourceEndpoint,
): Promise<(old: KubeObject | undefined) => KubeObject> {
  const type = bodyMediaType(call) as (typeof patchTypes)[number];
  const strategic = type === 'application/strategic-merge-patch+json';
  if (!patchTypes.includes(type) || (strategic && !kindSchema(endpoint.gvk))) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${patchTypes.join(', ')}`,
    );
  }
  const patch = await readBody(call, patchTypes);
  if (patch === undefined) throw badRequest('the patch is empty');
  return old => checkedObject(applyPatch(type, cloneJson(old), patch, endpoint), endpoint, call);
}

function applyPatch(
  type: (typeof patchTypes)[number],
  target: unknown,
  patch: unknown,
  endpoint: ResourceEndpoint,
): unknown {
  if (type === 'application/json-patch+json') return jsonPatch(target, patch);
  if (type === 'application/merge-patch+json') return mergePatch(target, patch);
  return strategicMergePatch(target, patch, kindSchema(endpoint.gvk)!);
}
