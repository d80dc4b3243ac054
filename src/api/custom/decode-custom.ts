/** From a request's body to a custom resource, with the complaints of the API server's decoders. */
import {
  asRefusal,
  checkKind,
  type Decoded,
  type DecodeOptions,
  findingTexts,
  parseBody,
  strictError,
  unknownFindings,
} from '../decode/decode-object.ts';
import { DecodeError, decodeValue } from '../decode/decoder.ts';
import { strictFindings } from '../decode/json-reader.ts';
import { isObject, type JsonObject } from '../json.ts';
import { formatApiVersion, type GroupVersionKind, type KubeObject } from '../objects.ts';
import { definitionSchema } from '../schema/definitions.ts';
import { badRequest, invalid } from '../status.ts';
import { prune, setDefaults } from './coerce.ts';
import type { CustomVersion } from './custom-version.ts';
import { coerceEmbedded } from './embedded.ts';

/**
 * Decodes a body into a custom resource: defaults set, unknown fields dropped and told of.
 * @throws ApiError 400
 */
export function decodeCustom(
  body: string | JsonObject,
  gvk: GroupVersionKind,
  version: CustomVersion,
  { fieldValidation = 'Warn', earlier = [] }: DecodeOptions,
): Decoded {
  const text = typeof body === 'string' ? body : undefined;
  const { value, repeats } = text === undefined ? { value: body, repeats: false } : parseBody(text, gvk);
  const actual = checkKind(value, gvk, false);
  const object = (value ?? {}) as JsonObject;
  const unknown = refusing(
    cause => asRefusal(cause, actual, gvk),
    () => coerce(object, version),
  );
  // Here the text is read before the schema is looked at, and the schema's findings come sorted.
  const found = [...(repeats ? strictFindings(text!) : []), ...unknownFindings(unknown.sort())];
  const findings = fieldValidation === 'Ignore' ? [] : [...earlier, ...findingTexts(found)];
  if (fieldValidation === 'Strict' && findings.length > 0) {
    throw asRefusal(new DecodeError(strictError(findings)), actual, gvk);
  }
  return { object: identified(object, gvk), warnings: findings };
}

/** Decodes what a patch made of a custom resource. @throws ApiError 422 */
export function decodePatchedCustom(
  patched: JsonObject,
  gvk: GroupVersionKind,
  version: CustomVersion,
  { fieldValidation = 'Warn' }: DecodeOptions,
): Decoded {
  const shown = JSON.stringify(JSON.stringify(patched));
  const refuse = (why: string) => {
    const message = `Invalid value: ${shown}: ${why}`;
    return invalid({ resource: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', message }]);
  };
  if (!isObject(patched)) throw badRequest('the patch does not make an object');
  const unknown = refusing(
    cause => refuse(cause.message),
    () => coerce(patched, version),
  );
  const findings = fieldValidation === 'Ignore' ? [] : findingTexts(unknownFindings(unknown.sort()));
  if (fieldValidation === 'Strict' && findings.length > 0) throw refuse(strictError(findings));
  return { object: identified(patched, gvk), warnings: findings };
}

function refusing<T>(refusal: (cause: DecodeError) => Error, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof DecodeError) throw refusal(cause);
    throw cause;
  }
}

/** In place; returns the paths of unknown fields. */
function coerce(object: JsonObject, { schema }: CustomVersion): string[] {
  const metadata = decodeValue(object.metadata ?? {}, definitionSchema('meta.v1.ObjectMeta')!);
  object.metadata = metadata.value;
  setDefaults(object, schema);
  const unknown = metadata.unknown.map(path => `metadata.${path}`);
  return [...unknown, ...prune(object, schema), ...coerceEmbedded(object, schema)];
}

function identified(object: JsonObject, gvk: GroupVersionKind): KubeObject {
  // A kind of its own stays for validation to see.
  if (!object.kind) object.kind = gvk.kind;
  object.apiVersion = formatApiVersion(gvk.group, gvk.version);
  return object as KubeObject;
}
