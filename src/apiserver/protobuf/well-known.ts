import { WireReader } from './reader.ts';
import { type ValueWriter, writeText } from './scalar-writers.ts';
import type { WireWriter } from './writer.ts';

/** Types whose JSON form is not the message's own: times, quantities, raw JSON. */
const decoders: Record<string, (bytes: Buffer) => unknown> = {
  'meta.v1.Time': bytes => time(bytes, false),
  'meta.v1.MicroTime': bytes => time(bytes, true),
  'meta.v1.Timestamp': bytes => time(bytes, false),
  'meta.v1.FieldsV1': rawJson,
  'runtime.RawExtension': rawJson,
  'apiextensions.v1.JSON': bytes => rawJson(bytes) ?? null,
  'api.resource.Quantity': quantity,
  'util.intstr.IntOrString': intOrString,
  'meta.v1.Verbs': stringList,
  'authentication.v1.ExtraValue': stringList,
  'authorization.v1.ExtraValue': stringList,
  'certificates.v1.ExtraValue': stringList,
};

export function isWellKnown(type: string): boolean {
  return Object.hasOwn(decoders, type);
}

export function decodeWellKnown(type: string, bytes: Buffer): unknown {
  return decoders[type]!(bytes);
}

/** Go's zero time is written as an empty message: not set. */
function time(bytes: Buffer, micro: boolean): string | undefined {
  if (bytes.length === 0) return undefined;
  let seconds = 0;
  let nanos = 0;
  each(bytes, (number, reader) => {
    if (number === 1) seconds = reader.integer();
    else nanos = reader.integer();
  });
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new RangeError('time out of range');
  const text = date.toISOString().slice(0, 19);
  return micro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`;
}

function quantity(bytes: Buffer): string {
  let text = '0';
  each(bytes, (number, reader) => {
    if (number === 1) text = reader.bytes().toString();
  });
  return text;
}

function intOrString(bytes: Buffer): number | string {
  let kind = 0;
  let int = 0;
  let text = '';
  each(bytes, (number, reader) => {
    if (number === 1) kind = reader.integer();
    else if (number === 2) int = reader.integer();
    else text = reader.bytes().toString();
  });
  return kind === 0 ? int : text;
}

function stringList(bytes: Buffer): string[] {
  const list: string[] = [];
  each(bytes, (_number, reader) => list.push(reader.bytes().toString()));
  return list;
}

function rawJson(bytes: Buffer): unknown {
  let raw: Buffer | undefined;
  each(bytes, (number, reader) => {
    if (number === 1) raw = reader.bytes();
  });
  if (!raw || raw.length === 0) return undefined;
  try {
    return JSON.parse(raw.toString());
  } catch (cause) {
    throw new RangeError('embedded JSON can not be read', { cause });
  }
}

function each(bytes: Buffer, read: (number: number, reader: WireReader) => void): void {
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number } = reader.tag();
    read(number, reader);
  }
}

const encoders: Record<string, (value: unknown, writer: WireWriter) => void> = {
  'meta.v1.Time': writeTime,
  'meta.v1.MicroTime': writeTime,
  'meta.v1.Timestamp': writeTime,
  'meta.v1.FieldsV1': writeJson,
  'runtime.RawExtension': writeJson,
  'apiextensions.v1.JSON': writeJson,
  'api.resource.Quantity': (value, writer) => writeTexts([String(value)], writer),
  'util.intstr.IntOrString': writeIntOrString,
  'meta.v1.Verbs': writeTexts,
  'authentication.v1.ExtraValue': writeTexts,
  'authorization.v1.ExtraValue': writeTexts,
  'certificates.v1.ExtraValue': writeTexts,
};

/** How values of a well-known type are written; undefined for any other. */
export function wellKnownWriter(type: string): ValueWriter | undefined {
  if (!isWellKnown(type)) return undefined;
  const encode = encoders[type]!;
  return (writer, value, number) => {
    const mark = writer.used;
    encode(value, writer);
    writer.delimited(number, mark);
  };
}

function writeTime(value: unknown, writer: WireWriter): void {
  const text = String(value);
  const seconds = Math.floor(millisecondsOf(text) / 1000);
  if (!Number.isFinite(seconds)) return;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  writer.varint(Number(fraction.padEnd(9, '0')));
  writer.tag(2, 0);
  writer.varint(seconds);
  writer.tag(1, 0);
}

/** Times as most are written, which are read much faster than others. */
const plainTime = /^[1-9]\d{3}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** As Date.parse. */
function millisecondsOf(text: string): number {
  if (!plainTime.test(text)) return Date.parse(text);
  const part = (start: number) => (text.charCodeAt(start) - 48) * 10 + text.charCodeAt(start + 1) - 48;
  const year = part(0) * 100 + part(2);
  return Date.UTC(year, part(5) - 1, part(8), part(11), part(14), part(17));
}

function writeIntOrString(value: unknown, writer: WireWriter): void {
  const isText = typeof value === 'string';
  writeText(writer, 3, isText ? value : '');
  writer.varint(isText ? 0 : Math.trunc(Number(value)));
  writer.tag(2, 0);
  writer.varint(isText ? 1 : 0);
  writer.tag(1, 0);
}

function writeTexts(value: unknown, writer: WireWriter): void {
  for (const text of Array.isArray(value) ? value.toReversed() : []) writeText(writer, 1, String(text));
}

function writeJson(value: unknown, writer: WireWriter): void {
  writeText(writer, 1, JSON.stringify(value));
}
