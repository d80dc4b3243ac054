import { applyConfiguration } from '../../api/apply/server-side-apply.ts';
import { countMembers, countParsedMembers } from '../../api/decode/json-reader.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/objects.ts';
import { ApiError, badRequest, unsupportedMediaType } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { maxRequestBytes } from '../http/request-body.ts';
import { cloneJson } from '../objects/decoded.ts';
import { asBuffer } from '../objects/encoding.ts';
import { managementOf, readApplyOptions } from './field-ownership.ts';
import type { Registry } from './registry.ts';
import { fieldValidation } from './request-object.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { readYaml, type YamlText } from './yaml-text.ts';

export const applyType = 'application/apply-patch+yaml';

/**
 * Reads an apply patch and returns what it makes of an object: with managedFields, in the endpoint's version.
 * @param subresource '' for the object itself
 * @throws ApiError 400, 422; what is returned throws 409 for conflicts
 */
export async function readApply(
  call: Call,
  registry: Registry,
  endpoint: ResourceEndpoint,
  subresource: string,
): Promise<(old: KubeObject | undefined) => Promise<KubeObject>> {
  const { manager, force } = readApplyOptions(call, true);
  const config = await readConfiguration(call);
  const { gvk, apiVersion } = endpoint;
  const management = managementOf(registry, endpoint, subresource, manager);
  if (!management) throw unsupportedMediaType(`${apiVersion} ${gvk.kind} can not be applied`);
  if (config.kind !== gvk.kind) {
    throw badRequest(
      `Incorrect kind specified in apply patch. Specified patch kind: ${config.kind ?? ''}, expected: ${gvk.kind}`,
    );
  }
  return async old => {
    const context = { ...management, force };
    const { object } = await applyConfiguration(old as JsonObject | undefined, config, context);
    // Fields the schema has none of were refused as such, whatever fieldValidation says.
    return endpoint.rules.decodePatched(object, { fieldValidation: 'Ignore' }).object;
  };
}

/** The configuration of the body; YAML, of which JSON is a part. */
export async function readConfiguration(call: Call): Promise<JsonObject> {
  const { body } = call.request;
  if (body.kind === 'value') return checked(cloneJson(body.value));
  if (body.kind === 'none') throw badRequest('the patch is empty');
  const text = asBuffer(await body.read(maxRequestBytes)).toString('utf8');
  if (text === '') throw badRequest('the patch is empty');
  return checked(text.startsWith('{') ? parseJson(text, call) : parseYaml(text, call));
}

function checked(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw badRequest(
    `error decoding YAML: json: cannot unmarshal into Go value of type map[string]interface {}`,
  );
}

/** JSON is parsed as such where no member repeats: a YAML parser takes a hundred times as long. */
function parseJson(text: string, call: Call): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (countMembers(text) === countParsedMembers(value)) return value;
  } catch {
    // A flow mapping may look like JSON and not be it.
  }
  return parseYaml(text, call);
}

function parseYaml(text: string, call: Call): unknown {
  let read: YamlText;
  try {
    read = readYaml(text);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (read.repeated === undefined) return read.value;
  const { fieldValidation: mode } = fieldValidation(call);
  const why = `error converting YAML to JSON: ${read.repeated}`;
  if (mode === 'Strict') throw badRequest(`error strict decoding YAML: ${why}`);
  if (mode === 'Warn') call.warnings.push(why);
  return read.value;
}

export function isTaken(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists';
}
