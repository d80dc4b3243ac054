/** Decoding what a patch made of an object: the complaints name the patch, with 422 (apiserver's patch handler). */
import { goText, type JsonObject } from '../json.ts';
import { formatApiVersion, type GroupVersionKind, type KubeObject } from '../objects.ts';
import { kindSchema } from '../schema/definitions.ts';
import { invalid } from '../status.ts';
import {
  type Decoded,
  type DecodeOptions,
  findingTexts,
  strictError,
  unknownFindings,
} from './decode-object.ts';
import { DecodeError, decodeValue } from './decoder.ts';

/**
 * Decodes a patched object, which becomes part of the result.
 * @param patch the strategic merge patch it came from, for the message; other patches show the object itself
 * @throws ApiError 422
 */
export function decodePatchedObject<T extends KubeObject = KubeObject>(
  patched: JsonObject,
  gvk: GroupVersionKind,
  { fieldValidation = 'Warn' }: DecodeOptions = {},
  patch?: unknown,
): Decoded<T> {
  const schema = kindSchema(gvk);
  if (!schema) throw new Error(`no schema for ${formatApiVersion(gvk.group, gvk.version)} ${gvk.kind}`);
  const shown = JSON.stringify(patch === undefined ? JSON.stringify(patched) : goText(patch));
  const refuse = (why: string) => {
    const message = `Invalid value: ${shown}: ${why}`;
    return invalid({ resource: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', message }]);
  };
  let decoded: ReturnType<typeof decodeValue>;
  try {
    decoded = decodeValue(patched, schema);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw refuse(cause.message);
  }
  const findings = fieldValidation === 'Ignore' ? [] : findingTexts(unknownFindings(decoded.unknown));
  if (fieldValidation === 'Strict' && findings.length > 0) throw refuse(strictError(findings));
  return { object: decoded.value as T, warnings: findings };
}
