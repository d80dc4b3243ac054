import type { DecodedIn, EncodedIn, GrpcSchema, MessageNameIn } from './schema.ts';

interface Field {
  name: string;
  number: number;
  kind: 'string' | 'bool' | 'int' | 'bytes' | 'map' | 'enum' | 'message';
  repeated: boolean;
  /** Of an enum: the names of its values. */
  names: readonly string[];
  /** Of a message. */
  message: () => Message;
}

interface Message {
  list: Field[];
  byNumber: Map<number, Field>;
}

const varintWire = 0;
const fixed64Wire = 1;
const bytesWire = 2;
const fixed32Wire = 5;

/**
 * Protocol Buffers' wire format (proto3) for the messages of a schema.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufCodec<S extends GrpcSchema> {
  readonly #schema: S;
  /** Tables by message, made when first needed. */
  readonly #compiled = new Map<string, Message>();

  constructor(schema: S) {
    this.#schema = schema;
  }

  /** The bytes of a message; fields that hold their zero are left out, as proto3 does. */
  encode<N extends MessageNameIn<S>>(message: N, value: EncodedIn<S, N>): Buffer {
    const writer = new Writer();
    writeMessage(writer, this.#message(message), value as Record<string, unknown>);
    return writer.finish();
  }

  /**
   * Reads a message. Unknown fields are skipped. Fields of bytes are parts of `bytes`.
   * @throws RangeError when the bytes are cut off or malformed.
   */
  decode<N extends MessageNameIn<S>>(message: N, bytes: Uint8Array): DecodedIn<S, N> {
    return readMessage(this.#message(message), new Reader(bytes)) as DecodedIn<S, N>;
  }

  #message(name: string): Message {
    let known = this.#compiled.get(name);
    if (!known) {
      const table = Object.entries(this.#schema.messages[name]!);
      const list = table.map(([field, [number, type]]) => this.#field(field, number, type));
      known = { list, byNumber: new Map(list.map(field => [field.number, field])) };
      this.#compiled.set(name, known);
    }
    return known;
  }

  #field(name: string, number: number, declared: string): Field {
    const repeated = declared.endsWith('[]');
    const type = repeated ? declared.slice(0, -2) : declared;
    const names = this.#schema.enums[type] ?? [];
    return { name, number, kind: this.#kind(type), repeated, names, message: () => this.#message(type) };
  }

  #kind(type: string): Field['kind'] {
    if (type === 'string' || type === 'bool' || type === 'bytes' || type === 'map') return type;
    if (type in this.#schema.enums) return 'enum';
    if (type in this.#schema.messages) return 'message';
    return 'int';
  }
}

function writeMessage(writer: Writer, message: Message, value: Record<string, unknown>): void {
  for (const field of message.list) {
    const item = value[field.name];
    if (item === undefined || item === null) continue;
    if (field.kind === 'map') writeMap(writer, field, item as Record<string, string>);
    else if (field.repeated) writeRepeated(writer, field, item as unknown[]);
    else if (!isZero(field, item)) writeSingle(writer, field, item);
  }
}

function isZero(field: Field, value: unknown): boolean {
  if (field.kind === 'message') return false;
  if (field.kind === 'enum') return enumNumber(field, value) === 0;
  if (field.kind === 'bytes') return (value as Uint8Array).length === 0;
  return value === 0 || value === '' || value === false;
}

function writeMap(writer: Writer, field: Field, map: Record<string, string>): void {
  for (const [key, value] of Object.entries(map)) {
    const entry = new Writer();
    entry.tag(1, bytesWire);
    entry.bytes(Buffer.from(key));
    entry.tag(2, bytesWire);
    entry.bytes(Buffer.from(value));
    writer.tag(field.number, bytesWire);
    writer.bytes(entry.finish());
  }
}

function writeRepeated(writer: Writer, field: Field, values: unknown[]): void {
  if (values.length === 0) return;
  if (field.kind === 'int' || field.kind === 'bool' || field.kind === 'enum') {
    const packed = new Writer();
    for (const value of values) packed.varint(scalarNumber(field, value));
    writer.tag(field.number, bytesWire);
    writer.bytes(packed.finish());
  } else {
    for (const value of values) writeSingle(writer, field, value);
  }
}

function writeSingle(writer: Writer, field: Field, value: unknown): void {
  switch (field.kind) {
    case 'string':
      writer.tag(field.number, bytesWire);
      writer.bytes(Buffer.from(value as string));
      break;
    case 'bytes':
      writer.tag(field.number, bytesWire);
      writer.bytes(value as Uint8Array);
      break;
    case 'message': {
      const inner = new Writer();
      writeMessage(inner, field.message(), value as Record<string, unknown>);
      writer.tag(field.number, bytesWire);
      writer.bytes(inner.finish());
      break;
    }
    default:
      writer.tag(field.number, varintWire);
      writer.varint(scalarNumber(field, value));
  }
}

function scalarNumber(field: Field, value: unknown): number {
  if (field.kind === 'enum') return enumNumber(field, value);
  return Number(value);
}

function enumNumber(field: Field, value: unknown): number {
  const number = field.names.indexOf(value as string);
  if (number < 0) throw new RangeError(`${field.name} has no value ${String(value)}`);
  return number;
}

function readMessage({ list, byNumber }: Message, reader: Reader): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of list) value[field.name] = zeroOf(field);
  while (!reader.done) {
    const tag = reader.varint();
    const field = byNumber.get(Math.floor(tag / 8));
    if (field) readField(reader, field, tag % 8, value);
    else reader.skip(tag % 8);
  }
  return value;
}

function zeroOf(field: Field): unknown {
  if (field.repeated) return [];
  switch (field.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int':
      return 0;
    case 'bytes':
      return new Uint8Array(0);
    case 'map':
      return {};
    case 'enum':
      return field.names[0];
    case 'message':
      return undefined;
  }
}

function readField(reader: Reader, field: Field, wire: number, into: Record<string, unknown>): void {
  if (field.kind === 'map') {
    const [key, value] = readMapEntry(reader.nested());
    (into[field.name] as Record<string, string>)[key] = value;
  } else if (!field.repeated) {
    into[field.name] = readSingle(reader, field);
  } else if (wire === bytesWire && (field.kind === 'int' || field.kind === 'enum')) {
    const packed = reader.nested();
    while (!packed.done) (into[field.name] as unknown[]).push(readSingle(packed, field));
  } else {
    (into[field.name] as unknown[]).push(readSingle(reader, field));
  }
}

function readMapEntry(reader: Reader): [string, string] {
  let key = '';
  let value = '';
  while (!reader.done) {
    const tag = reader.varint();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = reader.string();
    else reader.skip(tag % 8);
  }
  return [key, value];
}

function readSingle(reader: Reader, field: Field): unknown {
  switch (field.kind) {
    case 'string':
      return reader.string();
    case 'bytes':
      return reader.bytes();
    case 'message':
      return readMessage(field.message(), reader.nested());
    case 'bool':
      return reader.varint() !== 0;
    case 'enum':
      return field.names[reader.varint()] ?? field.names[0];
    default:
      return reader.varint();
  }
}

class Writer {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire);
  }

  varint(value: number): void {
    this.#reserve(10);
    if (value < 0) {
      this.#negative(value);
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Two's complement over 64 bits: always ten bytes. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + extra));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get done(): boolean {
    return this.#at >= this.#buffer.length;
  }

  /** A varint as a signed 64-bit number. */
  varint(): number {
    const start = this.#at;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 9; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) return value;
    }
    if (this.#byte() >= 0x80) throw new RangeError('protobuf: varint longer than ten bytes');
    return this.#negative(start);
  }

  bytes(): Buffer {
    const length = this.varint();
    if (length < 0 || this.#at + length > this.#buffer.length) throw new RangeError('protobuf: cut off');
    const bytes = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  string(): string {
    return this.bytes().toString('utf8');
  }

  nested(): Reader {
    return new Reader(this.bytes());
  }

  skip(wire: number): void {
    if (wire === varintWire) this.varint();
    else if (wire === fixed64Wire) this.#at += 8;
    else if (wire === bytesWire) this.bytes();
    else if (wire === fixed32Wire) this.#at += 4;
    else throw new RangeError(`protobuf: unknown wire type ${wire}`);
  }

  /** Ten bytes hold a number with the sign bit set, whose small digits a double would lose. */
  #negative(start: number): number {
    let value = 0n;
    for (let index = 9; index >= 0; index--)
      value = (value << 7n) | BigInt(this.#buffer[start + index]! & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }

  #byte(): number {
    const byte = this.#buffer[this.#at++];
    if (byte === undefined) throw new RangeError('protobuf: cut off');
    return byte;
  }
}
