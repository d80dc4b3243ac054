import { isObject, type JsonObject } from '../../api/json.ts';
import { messageName, messageOf } from './decode.ts';
import { unionMessage } from './definition-messages.ts';
import { type FieldInfo, hasMessage, type MessageInfo, messageInfo } from './messages.ts';
import { encodeWellKnown, isWellKnown } from './well-known.ts';
import { WireWriter } from './writer.ts';

const magic = Buffer.from('k8s\0');

interface Typed {
  apiVersion?: string;
  kind?: string;
}

/** Whether objects of a kind have a message: built-in kinds the table knows, and lists of them. */
export function hasProtobufForm(apiVersion: string, kind: string): boolean {
  const name = messageName(apiVersion, kind);
  return name !== undefined && (hasMessage(name) || (name.endsWith('List') && hasMessage(name.slice(0, -4))));
}

/**
 * An object, or a list with its items, in `application/vnd.kubernetes.protobuf`: a `runtime.Unknown` behind
 * the magic number. Fields the table has none of are left out. Absent fields are, too: to Go's decoder that
 * is the same as the zeros its encoder writes.
 */
export function encodeProtobuf(object: object): Buffer {
  const { apiVersion = '', kind = '' } = object as Typed;
  const message = messageOf(apiVersion, kind);
  if (message) return envelope(apiVersion, kind, encodeMessage(object as JsonObject, message));
  const { metadata, items } = object as { metadata?: object; items?: readonly object[] };
  const parts = (items ?? []).map(item => encodeItem(item, apiVersion, kind));
  return Buffer.concat(listChunks({ apiVersion, kind, metadata: metadata ?? {} }, [itemFields(parts)]));
}

/** One item of a list of `listKind`, for `itemFields`. */
export function encodeItem(item: object, apiVersion: string, listKind: string): Buffer {
  const message = itemMessage(apiVersion, listKind);
  if (!message) throw new TypeError(`${apiVersion} ${listKind} has no protobuf form`);
  return encodeMessage(item as JsonObject, message);
}

/** Encoded items as the fields of a list, in one piece: for `listChunks`. */
export function itemFields(items: readonly Buffer[]): Buffer {
  return Buffer.concat(items.flatMap(item => [fieldHead(2, item.length), item]));
}

/**
 * A list whose items are encoded already, in pieces (`itemFields`), as chunks one behind the other: a list of
 * thousands is never copied as a whole.
 */
export function listChunks(
  { apiVersion, kind, metadata }: { apiVersion: string; kind: string; metadata: object },
  pieces: readonly Buffer[],
): Buffer[] {
  const type = new WireWriter(256);
  writeText(type, 2, kind);
  writeText(type, 1, apiVersion);
  const typeMeta = type.finish();
  const meta = new WireWriter(256);
  writeMessage(meta, 1, metadata as JsonObject, messageInfo('meta.v1.ListMeta')!);
  const raw = [meta.finish(), ...pieces];
  const size = raw.reduce((sum, piece) => sum + piece.length, 0);
  const head = Buffer.concat([magic, fieldHead(1, typeMeta.length), typeMeta, fieldHead(2, size)]);
  // contentEncoding and contentType, which Go writes empty.
  return [head, ...raw, Buffer.concat([fieldHead(3, 0), fieldHead(4, 0)])];
}

/** What stands before the bytes of a field of `size`. */
function fieldHead(number: number, size: number): Buffer {
  const writer = new WireWriter(16);
  writer.varint(size);
  writer.tag(number, 2);
  return writer.finish();
}

function itemMessage(apiVersion: string, listKind: string): MessageInfo | undefined {
  return listKind.endsWith('List') ? messageOf(apiVersion, listKind.slice(0, -4)) : undefined;
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const writer = new WireWriter(raw.length + 256);
  // contentEncoding and contentType, which Go writes empty.
  writer.delimited(4, writer.used);
  writer.delimited(3, writer.used);
  let mark = writer.used;
  writer.bytes(raw);
  writer.delimited(2, mark);
  mark = writer.used;
  writeText(writer, 2, kind);
  writeText(writer, 1, apiVersion);
  writer.delimited(1, mark);
  writer.bytes(magic);
  return writer.finish();
}

/** A message by itself, without an envelope. */
export function encodeMessage(object: JsonObject, message: MessageInfo): Buffer {
  const writer = new WireWriter();
  writeFields(writer, object, message);
  return writer.finish();
}

function writeText(writer: WireWriter, number: number, text: string): void {
  const mark = writer.used;
  writer.text(text);
  writer.delimited(number, mark);
}

function writeMessage(writer: WireWriter, number: number, object: JsonObject, message: MessageInfo): void {
  const mark = writer.used;
  writeFields(writer, object, message);
  writer.delimited(number, mark);
}

function writeFields(writer: WireWriter, object: JsonObject, message: MessageInfo): void {
  for (const field of message.descending) {
    if (field.inline) writeMessage(writer, field.number, object, messageInfo(field.type)!);
    else if (Object.hasOwn(object, field.name)) writeField(writer, object[field.name], field);
  }
}

function writeField(writer: WireWriter, value: unknown, field: FieldInfo): void {
  if (value === null || value === undefined) return;
  if (field.shape === 'list') {
    if (!Array.isArray(value)) return;
    for (let at = value.length - 1; at >= 0; at--) writeValue(writer, field.number, value[at], field.type);
  } else if (field.shape === 'map') {
    if (isObject(value)) writeMap(writer, value, field);
  } else writeValue(writer, field.number, value, field.type);
}

function writeMap(writer: WireWriter, map: JsonObject, { number, type }: FieldInfo): void {
  for (const key of Object.keys(map).sort().reverse()) {
    const mark = writer.used;
    writeValue(writer, 2, map[key], type);
    writeText(writer, 1, key);
    writer.delimited(number, mark);
  }
}

function writeValue(writer: WireWriter, number: number, value: unknown, type: string): void {
  switch (type) {
    case 'string':
      writeText(writer, number, String(value));
      return;
    case 'bool':
      writer.varint(value === true ? 1 : 0);
      writer.tag(number, 0);
      return;
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      writer.varint(Math.trunc(Number(value)) || 0);
      writer.tag(number, 0);
      return;
    case 'double':
      writer.double(Number(value));
      writer.tag(number, 1);
      return;
    case 'bytes':
      writeBytes(writer, number, Buffer.from(String(value), 'base64'));
      return;
  }
  if (isWellKnown(type)) {
    writeBytes(writer, number, encodeWellKnown(type, value));
    return;
  }
  const message = messageInfo(type);
  if (message) writeMessage(writer, number, unionMessage(type, value), message);
}

function writeBytes(writer: WireWriter, number: number, bytes: Uint8Array): void {
  const mark = writer.used;
  writer.bytes(bytes);
  writer.delimited(number, mark);
}
