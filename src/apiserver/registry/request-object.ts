import { decodeObject, type FieldValidation } from '../../api/decode/decode-object.ts';
import type { DeleteOptions } from '../../api/generated/types.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import { type GroupVersionKind, type KubeObject, parseApiVersion } from '../../api/objects.ts';
import { badRequest, invalid, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { header } from '../exchange.ts';
import { maxRequestBytes } from '../http/request-body.ts';
import { parseMediaType } from '../negotiation.ts';
import { cloneJson } from '../objects/decoded.ts';
import { asBuffer } from '../objects/encoding.ts';
import { decodeProtobuf, NoProtobufForm } from '../protobuf/decode.ts';
import { protobufType } from '../protobuf/media-type.ts';
import { builtinRules, type ObjectRules } from './object-rules.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { readYaml } from './yaml-text.ts';

const objectTypes = ['application/json', 'application/yaml', protobufType];

/** The media type of a request's body; JSON where it is not said. */
export function bodyMediaType(call: Call): string {
  const text = header(call.request, 'content-type');
  return text ? parseMediaType(text).type : 'application/json';
}

/**
 * The object a create or update carries, in the endpoint's version, checked against its schema.
 * @throws ApiError 400 for another kind or what the schema refuses, 413, 415
 */
export function readObject(call: Call, endpoint: ResourceEndpoint): Promise<KubeObject> {
  return readWith(call, endpoint.rules);
}

export function readObjectAs<T extends KubeObject>(call: Call, gvk: GroupVersionKind): Promise<T> {
  return readWith(call, builtinRules(gvk)) as Promise<T>;
}

async function readWith(call: Call, rules: ObjectRules): Promise<KubeObject> {
  const earlier: string[] = [];
  const body = await readRaw(call, objectTypes, earlier);
  const { object, warnings } = rules.decode(body ?? '', { ...fieldValidation(call), earlier });
  call.warnings.push(...warnings);
  call.trail?.requested(cloneJson(object));
  return object;
}

/** A body that may be missing and need not say its kind: options, patches. A JSON value of our own. */
export async function readBody(call: Call, accept: readonly string[] = objectTypes): Promise<unknown> {
  const body = await readRaw(call, accept);
  const value = typeof body === 'string' ? parseJson(body) : body;
  call.trail?.requested(value);
  return value;
}

/**
 * The options a DELETE may carry, of whatever version.
 * @throws ApiError 400 for what they are not, 413, 415
 */
export async function readDeleteOptions(call: Call): Promise<DeleteOptions> {
  const body = await readBody(call);
  if (body === undefined) return {};
  const named = isObject(body) && typeof body.apiVersion === 'string' ? body.apiVersion : '';
  const gvk = { ...parseApiVersion(named || 'meta.k8s.io/v1'), kind: 'DeleteOptions' };
  const { object } = decodeObject(body as JsonObject, gvk, { fieldValidation: 'Ignore' });
  const { apiVersion: _, kind: __, ...options } = object;
  return options as DeleteOptions;
}

/** `fieldValidation=` of the query. @throws ApiError 422 for a value there is none of. */
export function fieldValidation(call: Call): { fieldValidation: FieldValidation } {
  const asked = call.request.query.get('fieldValidation') || 'Warn';
  if (asked === 'Strict' || asked === 'Warn' || asked === 'Ignore') return { fieldValidation: asked };
  const message = `Unsupported value: ${JSON.stringify(asked)}: supported values: "", "Ignore", "Strict", "Warn"`;
  throw invalid({ group: 'meta.k8s.io', resource: 'CreateOptions' }, '', [
    { reason: 'FieldValueNotSupported', field: 'fieldValidation', message },
  ]);
}

/**
 * JSON as its text, for the decoder to complain of; other encodings as the value they stand for.
 * @param repeated takes what strict decoding says of keys that stand twice in YAML
 */
async function readRaw(
  call: Call,
  accept: readonly string[],
  repeated: string[] = [],
): Promise<string | JsonObject | undefined> {
  const { body } = call.request;
  if (body.kind === 'none') return undefined;
  if (body.kind === 'value') return cloneJson(body.value) as JsonObject;
  const bytes = await body.read(maxRequestBytes);
  if (bytes.length === 0) return undefined;
  const type = bodyMediaType(call);
  if (!accept.includes(type)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${accept.join(', ')}`,
    );
  }
  if (type === protobufType) return parseProtobuf(asBuffer(bytes));
  const text = asBuffer(bytes).toString('utf8');
  return type.endsWith('yaml') ? parseYamlBody(text, repeated) : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badRequest(`error decoding body: ${why}`);
  }
}

function parseYamlBody(text: string, repeated: string[]): JsonObject {
  try {
    const read = readYaml(text);
    if (read.repeated !== undefined) repeated.push(read.repeated);
    return read.value as JsonObject;
  } catch (cause) {
    throw badRequest(`yaml: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function parseProtobuf(bytes: Buffer): JsonObject {
  try {
    return decodeProtobuf(bytes);
  } catch (cause) {
    if (cause instanceof NoProtobufForm) throw unsupportedMediaType(cause.message);
    if (cause instanceof RangeError) throw badRequest(`proto: ${cause.message}`);
    throw cause;
  }
}
