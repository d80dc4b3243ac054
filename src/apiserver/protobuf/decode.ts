import type { JsonObject } from '../../api/json.ts';
import { parseApiVersion } from '../../api/objects.ts';
import { packageOf } from '../../api/schema/definitions.ts';
import { unionJson } from './definition-messages.ts';
import { type FieldInfo, type MessageInfo, messageInfo } from './messages.ts';
import { WireReader } from './reader.ts';
import { decodeWellKnown, isWellKnown } from './well-known.ts';

const magic = Buffer.from('k8s\0');
const maxDepth = 100;

/** The kind has no protobuf form here (custom resources and kinds newer than the table). */
export class NoProtobufForm extends Error {
  override name = 'NoProtobufForm';
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Buffer;
}

/**
 * The JSON form of an object in `application/vnd.kubernetes.protobuf`.
 * @throws RangeError for bytes that are none, NoProtobufForm for a kind without a message.
 */
export function decodeProtobuf(bytes: Buffer): Record<string, unknown> {
  const { apiVersion, kind, raw } = readEnvelope(bytes);
  const message = messageOf(apiVersion, kind);
  if (!message)
    throw new NoProtobufForm(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    );
  return { kind, apiVersion, ...readMessage(raw, message, 0) };
}

/** `runtime.Unknown` behind the magic number. */
function readEnvelope(bytes: Buffer): Envelope {
  if (bytes.length < 4 || !bytes.subarray(0, 4).equals(magic)) {
    throw new RangeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const envelope: Envelope = { apiVersion: '', kind: '', raw: Buffer.alloc(0) };
  const reader = new WireReader(bytes.subarray(4));
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (wire !== 2) reader.skip(wire);
    else if (number === 1) readTypeMeta(reader.bytes(), envelope);
    else if (number === 2) envelope.raw = reader.bytes();
    else reader.skip(wire);
  }
  return envelope;
}

function readTypeMeta(bytes: Buffer, envelope: Envelope): void {
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (wire !== 2) reader.skip(wire);
    else if (number === 1) envelope.apiVersion = reader.bytes().toString();
    else if (number === 2) envelope.kind = reader.bytes().toString();
    else reader.skip(wire);
  }
}

/** `apps/v1` Deployment → the message `apps.v1.Deployment`; the meta kinds are served in every version. */
export function messageOf(apiVersion: string, kind: string): MessageInfo | undefined {
  const name = messageName(apiVersion, kind);
  return name === undefined ? undefined : messageInfo(name);
}

/** The full name a kind's message would have; undefined in groups without any. */
export function messageName(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions' || kind === 'Status') return `meta.v1.${kind}`;
  const { group, version } = parseApiVersion(apiVersion);
  const pack = packageOf(group);
  return pack === undefined ? undefined : `${pack}.${version}.${kind}`;
}

function readMessage(bytes: Buffer, message: MessageInfo, depth: number): Record<string, unknown> {
  if (depth > maxDepth) throw new RangeError('nested too deeply');
  const object: Record<string, unknown> = {};
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    const field = message.byNumber.get(number);
    if (field) readField(reader, wire, field, object, depth);
    else reader.skip(wire);
  }
  return object;
}

function readField(
  reader: WireReader,
  wire: number,
  field: FieldInfo,
  object: Record<string, unknown>,
  depth: number,
): void {
  if (field.shape === 'map') {
    const [key, value] = readMapEntry(reader.bytes(), field, depth);
    object[field.name] ??= {};
    const map = object[field.name] as object;
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  if (field.shape === 'list') {
    object[field.name] ??= [];
    const list = object[field.name] as unknown[];
    if (wire === 2 && isVarint(field.type)) readPacked(reader.bytes(), field, list);
    else list.push(readValue(reader, field.type, depth));
    return;
  }
  const value = readValue(reader, field.type, depth);
  if (field.inline) Object.assign(object, value);
  else if (!isUnset(value, field)) object[field.name] = value;
}

/** What Go writes for a field that is no pointer and was never set. */
function isUnset(value: unknown, field: FieldInfo): boolean {
  if (value === null || value === undefined) return true;
  if (field.pointer) return false;
  if (value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && isAlwaysWritten(field) && Object.keys(value).length === 0;
}

/** Struct fields that are no pointers in the Go types: empty on the wire they are absent in JSON. */
function isAlwaysWritten({ name, type }: FieldInfo): boolean {
  return (
    [
      'metadata',
      'status',
      'resources',
      'strategy',
      'updateStrategy',
      'source',
      'allocatedResources',
      'acceptedNames',
    ].includes(name) || type.endsWith('Status')
  );
}

function readMapEntry(bytes: Buffer, field: FieldInfo, depth: number): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown;
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (number === 1 && wire === 2) key = reader.bytes().toString();
    else if (number === 2) value = readValue(reader, field.type, depth);
    else reader.skip(wire);
  }
  return [key, value ?? (field.type === 'string' || field.type === 'bytes' ? '' : {})];
}

function isVarint(type: string): boolean {
  return type === 'int64' || type === 'int32' || type === 'uint32' || type === 'uint64' || type === 'bool';
}

function readPacked(bytes: Buffer, field: FieldInfo, list: unknown[]): void {
  const reader = new WireReader(bytes);
  while (!reader.done) list.push(readValue(reader, field.type, 0));
}

function readValue(reader: WireReader, type: string, depth: number): unknown {
  switch (type) {
    case 'string':
      return reader.bytes().toString('utf8');
    case 'bool':
      return reader.varint() !== 0n;
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return reader.integer();
    case 'double':
      return reader.double();
    case 'bytes':
      return reader.bytes().toString('base64');
  }
  const bytes = reader.bytes();
  if (isWellKnown(type)) return decodeWellKnown(type, bytes);
  const message = messageInfo(type);
  if (!message) throw new NoProtobufForm(`no message ${type}`);
  return unionJson(type, readMessage(bytes, message, depth + 1) as JsonObject);
}
