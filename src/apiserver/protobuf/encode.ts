import { isObject, type JsonObject } from '../../api/json.ts';
import { messageName, messageOf } from './decode.ts';
import { messageForm } from './definition-messages.ts';
import { type FieldInfo, hasMessage, type MessageInfo, messageInfo } from './messages.ts';
import { scalarWriters, type ValueWriter, writeText } from './scalar-writers.ts';
import { wellKnownWriter } from './well-known.ts';
import { WireWriter } from './writer.ts';

const magic = Buffer.from('k8s\0');
const none = Buffer.alloc(0);

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
  if (message) return written(writer => writeEnvelope(writer, apiVersion, kind, object, message));
  const { metadata, items } = object as { metadata?: object; items?: readonly object[] };
  const fields = itemFields(items ?? [], apiVersion, kind);
  return Buffer.concat(listChunks({ apiVersion, kind, metadata: metadata ?? {} }, [fields]));
}

/** Items of a list of `listKind` as the fields they are there, in one piece: for `listChunks`. */
export function itemFields(items: readonly object[], apiVersion: string, listKind: string): Buffer {
  if (items.length === 0) return none;
  const message = listKind.endsWith('List') ? messageOf(apiVersion, listKind.slice(0, -4)) : undefined;
  if (!message) throw new TypeError(`${apiVersion} ${listKind} has no protobuf form`);
  return written(writer => {
    for (const item of items.toReversed()) writeMessage(writer, 2, item, message);
  });
}

/**
 * A list whose items are encoded already, in pieces (`itemFields`), as chunks one behind the other: a list of
 * thousands is never copied as a whole.
 */
export function listChunks(
  { apiVersion, kind, metadata }: { apiVersion: string; kind: string; metadata: object },
  pieces: readonly Buffer[],
): Buffer[] {
  const meta = written(writer => writeMessage(writer, 1, metadata, messageInfo('meta.v1.ListMeta')!));
  const size = pieces.reduce((sum, piece) => sum + piece.length, meta.length);
  const head = written(writer => {
    // What they are the head of follows.
    writer.varint(size);
    writer.tag(2, 2);
    writeType(writer, apiVersion, kind);
  });
  return [head, meta, ...pieces, written(writeEncoding)];
}

/** A message by itself, without an envelope. */
export function encodeMessage(object: object, message: MessageInfo): Buffer {
  return written(writer => writeFields(writer, object as JsonObject, fieldWriters(message)));
}

const shared = new WireWriter();

/** What `write` writes. All of it is written in one go, so that one writer does for all. */
function written(write: (writer: WireWriter) => void): Buffer {
  shared.reset();
  write(shared);
  return shared.finish();
}

function writeEnvelope(
  writer: WireWriter,
  apiVersion: string,
  kind: string,
  object: object,
  message: MessageInfo,
): void {
  writeEncoding(writer);
  writeMessage(writer, 2, object, message);
  writeType(writer, apiVersion, kind);
}

/** contentEncoding and contentType, which Go writes empty. */
function writeEncoding(writer: WireWriter): void {
  writeText(writer, 4, '');
  writeText(writer, 3, '');
}

function writeType(writer: WireWriter, apiVersion: string, kind: string): void {
  const mark = writer.used;
  writeText(writer, 2, kind);
  writeText(writer, 1, apiVersion);
  writer.delimited(1, mark);
  writer.bytes(magic);
}

function writeMessage(writer: WireWriter, number: number, object: object, message: MessageInfo): void {
  const mark = writer.used;
  writeFields(writer, object as JsonObject, fieldWriters(message));
  writer.delimited(number, mark);
}

/** How one field is written; made once, when its message is first written. */
interface FieldWriter {
  readonly name: string;
  readonly inline: boolean;
  readonly write: ValueWriter;
}

const compiled = new Map<MessageInfo, readonly FieldWriter[]>();

function fieldWriters(message: MessageInfo): readonly FieldWriter[] {
  let writers = compiled.get(message);
  if (!writers) {
    writers = message.descending.map(fieldWriter);
    compiled.set(message, writers);
  }
  return writers;
}

function fieldWriter({ name, number, type, shape, inline }: FieldInfo): FieldWriter {
  const one = valueWriter(type);
  if (shape === 'list')
    return { name, inline, write: (writer, value) => writeList(writer, number, value, one) };
  if (shape === 'map')
    return { name, inline, write: (writer, value) => writeMap(writer, number, value, one) };
  return { name, inline, write: (writer, value) => one(writer, value, number) };
}

function writeFields(writer: WireWriter, object: JsonObject, fields: readonly FieldWriter[]): void {
  for (const { name, inline, write } of fields) {
    // No field has the name of something that all objects have.
    const value = inline ? object : object[name];
    if (value !== undefined && value !== null) write(writer, value, 0);
  }
}

function writeList(writer: WireWriter, number: number, list: unknown, one: ValueWriter): void {
  if (!Array.isArray(list)) return;
  for (let at = list.length - 1; at >= 0; at--) one(writer, list[at], number);
}

function writeMap(writer: WireWriter, number: number, map: unknown, one: ValueWriter): void {
  if (!isObject(map)) return;
  for (const key of Object.keys(map).sort().reverse()) {
    const mark = writer.used;
    one(writer, map[key], 2);
    writeText(writer, 1, key);
    writer.delimited(number, mark);
  }
}

function valueWriter(type: string): ValueWriter {
  const scalar = scalarWriters[type];
  if (scalar) return scalar;
  const wellKnown = wellKnownWriter(type);
  if (wellKnown) return wellKnown;
  const message = messageInfo(type);
  if (!message) return () => {};
  const form = messageForm(type);
  return (writer, value, number) => writeMessage(writer, number, form(value), message);
}
