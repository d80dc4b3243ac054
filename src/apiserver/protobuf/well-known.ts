import { WireReader } from './reader.ts';

/** Types whose JSON form is not the message's own: times, quantities, raw JSON. */
const decoders: Record<string, (bytes: Buffer) => unknown> = {
  'meta.v1.Time': bytes => time(bytes, false),
  'meta.v1.MicroTime': bytes => time(bytes, true),
  'meta.v1.Timestamp': bytes => time(bytes, false),
  'meta.v1.FieldsV1': rawJson,
  'runtime.RawExtension': rawJson,
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
