/**
 * From a request's body to an object of the expected kind, with the complaints of the API server's decoders
 * (k8s.io/apimachinery's JSON serializer and k8s.io/apiserver's `transformDecodeError`).
 */
import { isObject, type JsonObject } from '../json.ts';
import { formatApiVersion, type GroupVersionKind, type KubeObject, parseApiVersion } from '../objects.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { StructSchema } from '../schema/schema.ts';
import { badRequest } from '../status.ts';
import { DecodeError, decodeValue } from './decoder.ts';
import {
  countMembers,
  countParsedMembers,
  type Finding,
  JsonSyntaxError,
  strictFindings,
  syntaxError,
} from './json-reader.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface DecodeOptions {
  /** What becomes of unknown and repeated fields: 400, a warning, nothing. `Warn` where not given. */
  fieldValidation?: FieldValidation;
  /** What strict reading of the text found already. */
  earlier?: readonly string[];
}

export interface Decoded<T extends KubeObject = KubeObject> {
  /** Fresh, with apiVersion, kind and metadata. */
  object: T;
  /** For the Warning header, without duplicates. */
  warnings: string[];
}

/**
 * Decodes a body into an object of kind `gvk`. Unknown fields are dropped, nulls are absent, quantities, times
 * and base64 come out in canonical form.
 * @param body JSON text, or a value parsed already, which becomes part of the result
 * @throws ApiError 400
 */
export function decodeObject<T extends KubeObject = KubeObject>(
  body: string | Uint8Array | JsonObject,
  gvk: GroupVersionKind,
  { fieldValidation = 'Warn', earlier = [] }: DecodeOptions = {},
): Decoded<T> {
  const schema = kindSchema(gvk);
  if (!schema) throw new Error(`no schema for ${formatApiVersion(gvk.group, gvk.version)} ${gvk.kind}`);
  const text = isBytesOrText(body) ? textOf(body) : undefined;
  const { value, repeats } = text === undefined ? { value: body, repeats: false } : parseBody(text, gvk);
  const actual = checkKind(value, gvk);
  const decoded = decodeAs(value, schema, actual, gvk);
  const found = repeats ? strictFindings(text!, decoded.unknown) : unknownFindings(decoded.unknown);
  const findings = fieldValidation === 'Ignore' ? [] : [...earlier, ...findingTexts(found)];
  if (fieldValidation === 'Strict' && findings.length > 0) {
    throw badRequest(`${cannotBeHandled(actual, gvk)}: ${strictError(findings)}`);
  }
  return { object: asObject(decoded.value, gvk, schema) as T, warnings: findings };
}

/** Go's decoder remembers no more of them. */
const maxFindings = 100;

/** The texts of strict decoding: `unknown field "spec.foo"`. */
export function findingTexts(findings: readonly Finding[]): string[] {
  const texts = findings.map(({ kind, path }) => `${kind} field ${JSON.stringify(path)}`);
  return [...new Set(texts)].slice(0, maxFindings);
}

export function unknownFindings(paths: readonly string[]): Finding[] {
  return paths.map(path => ({ kind: 'unknown', path }));
}

export function strictError(findings: readonly string[]): string {
  return `strict decoding error: ${findings.join(', ')}`;
}

function isBytesOrText(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}

function textOf(body: string | Uint8Array): string {
  if (typeof body === 'string') return body;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** Parses the text; `repeats` says whether a member stands twice. @throws ApiError 400 */
export function parseBody(text: string, { kind }: GroupVersionKind): { value: unknown; repeats: boolean } {
  try {
    const members = countMembers(text);
    const value: unknown = JSON.parse(text);
    return { value, repeats: countParsedMembers(value) !== members };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof JsonSyntaxError)) throw cause;
    throw unrecognized(text, kind, syntaxError(text) ?? cause.message);
  }
}

function unrecognized(text: string, kind: string, why: string) {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${summary(text)})`,
  );
}

/** The first 30 bytes, as hexadecimal where they are no JSON object. */
function summary(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return '<empty>';
  const start = bytes.subarray(0, 30);
  const shown = bytes[0] === 0x7b ? start.toString('utf8') : start.toString('hex');
  return bytes.length > 30 ? `${shown} ...` : shown;
}

const metaType = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/**
 * The kind the body says it is, the expected one where it says nothing.
 * @param strict whether another kind of the right version is refused here; of custom resources validation does
 * @throws ApiError where that is another one
 */
export function checkKind(value: unknown, gvk: GroupVersionKind, strict = true): GroupVersionKind {
  if (value === null) return gvk;
  if (!isObject(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    const why = `json: cannot unmarshal ${type} into Go value of type ${metaType}`;
    throw unrecognized(JSON.stringify(value), gvk.kind, why);
  }
  const { apiVersion = '', kind = '' } = value;
  for (const [name, member] of Object.entries({ apiVersion: apiVersion ?? '', kind: kind ?? '' })) {
    if (typeof member === 'string') continue;
    const type = Array.isArray(member) ? 'array' : typeof member === 'boolean' ? 'bool' : typeof member;
    const why = `json: cannot unmarshal ${type} into Go struct field .${name} of type string`;
    throw unrecognized(JSON.stringify(value), gvk.kind, why);
  }
  const actual = {
    ...(apiVersion ? parseApiVersion(apiVersion as string) : gvk),
    kind: (kind as string) || gvk.kind,
  };
  const rightVersion = actual.group === gvk.group && actual.version === gvk.version;
  if (rightVersion && (!strict || actual.kind === gvk.kind)) return actual.kind === gvk.kind ? gvk : actual;
  throw strict ? wrongKind(actual, gvk) : wrongVersion(actual, gvk);
}

const scheme = 'pkg/api/legacyscheme/scheme.go:30';

function wrongKind(actual: GroupVersionKind, gvk: GroupVersionKind) {
  const version = formatApiVersion(actual.group, actual.version);
  if (!kindSchema(actual)) {
    return badRequest(
      `${cannotBeHandled(actual, gvk)}: no kind ${JSON.stringify(actual.kind)} is registered for version ${JSON.stringify(version)} in scheme ${JSON.stringify(scheme)}`,
    );
  }
  if (actual.kind === gvk.kind && actual.group === gvk.group) return wrongVersion(actual, gvk);
  const internal = gvk.group === '' ? 'core' : gvk.group.split('.')[0];
  return badRequest(
    `${cannotBeHandled(actual, gvk)}: converting (${actual.version}.${actual.kind}) to (${internal}.${gvk.kind}): unknown conversion`,
  );
}

function wrongVersion(actual: GroupVersionKind, gvk: GroupVersionKind) {
  const version = formatApiVersion(actual.group, actual.version);
  return badRequest(
    `the API version in the data (${version}) does not match the expected API version (${formatApiVersion(gvk.group, gvk.version)})`,
  );
}

/** What cannot be decoded, as the client is told. */
export function asRefusal(cause: DecodeError, actual: GroupVersionKind, gvk: GroupVersionKind) {
  return badRequest(`${cannotBeHandled(actual, gvk)}: ${cause.message}`);
}

function cannotBeHandled(actual: GroupVersionKind, { kind }: GroupVersionKind): string {
  return `${actual.kind} in version ${JSON.stringify(actual.version)} cannot be handled as a ${kind}`;
}

function decodeAs(value: unknown, schema: StructSchema, actual: GroupVersionKind, gvk: GroupVersionKind) {
  try {
    return decodeValue(value ?? {}, schema);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw asRefusal(cause, actual, gvk);
  }
}

function asObject(value: unknown, gvk: GroupVersionKind, schema: StructSchema): KubeObject {
  const object = value as KubeObject;
  object.apiVersion = formatApiVersion(gvk.group, gvk.version);
  object.kind = gvk.kind;
  if (schema.fields.has('metadata')) object.metadata ??= {};
  return object;
}
