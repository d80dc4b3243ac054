import { parse as parseYaml } from 'yaml';
import type { KubeObject } from '../../api/objects.ts';
import { badRequest, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { header } from '../exchange.ts';
import { maxRequestBytes } from '../http/request-body.ts';
import { parseMediaType } from '../negotiation.ts';
import { cloneJson } from '../objects/decoded.ts';
import { asBuffer } from '../objects/encoding.ts';
import { decodeProtobuf, NoProtobufForm, protobufType } from '../protobuf/decode.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

/** The media type of a request's body; JSON where it is not said. */
export function bodyMediaType(call: Call): string {
  const text = header(call.request, 'content-type');
  return text ? parseMediaType(text).type : 'application/json';
}

/**
 * A request's body as a JSON value of the caller's own; undefined where there is none.
 * @throws ApiError 400 for what is no JSON or YAML, 413, 415
 */
export async function readBody(call: Call, accept: readonly string[] = objectTypes): Promise<unknown> {
  const { body } = call.request;
  if (body.kind === 'none') return undefined;
  if (body.kind === 'value') return cloneJson(body.value);
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
  return type.endsWith('yaml') ? parseYamlBody(text) : parseJson(text);
}

const objectTypes = ['application/json', 'application/yaml', protobufType];

function parseProtobuf(bytes: Buffer): unknown {
  try {
    return decodeProtobuf(bytes);
  } catch (cause) {
    if (cause instanceof NoProtobufForm) throw unsupportedMediaType(cause.message);
    if (cause instanceof RangeError) throw badRequest(`proto: ${cause.message}`);
    throw cause;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${cause instanceof Error ? cause.message : cause}`,
    );
  }
}

function parseYamlBody(text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw badRequest(`yaml: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/**
 * The object a create or update carries, in the endpoint's version, checked against its schema.
 * @throws ApiError 400 for another kind or what the schema refuses
 */
export async function readObject(call: Call, endpoint: ResourceEndpoint): Promise<KubeObject> {
  return checkedObject(await readBody(call), endpoint, call);
}

/** The same for a value that came about otherwise (a patch). */
export function checkedObject(value: unknown, endpoint: ResourceEndpoint, _call: Call): KubeObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the request body holds no object');
  }
  const object = value as KubeObject;
  const { kind } = endpoint.resource;
  if (
    object.apiVersion !== undefined &&
    object.apiVersion !== '' &&
    object.apiVersion !== endpoint.apiVersion
  ) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${endpoint.apiVersion})`,
    );
  }
  if (object.kind !== undefined && object.kind !== '' && object.kind !== kind) {
    throw badRequest(
      `${object.kind} in version "${endpoint.resource.version}" cannot be handled as a ${kind}`,
    );
  }
  return object;
}
