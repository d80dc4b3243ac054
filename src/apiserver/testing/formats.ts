import type { Failure, Format, WatchEvent } from './list-watch.ts';
import { Fields, field } from './wire.ts';

/** Custom resources, which clients speak in JSON. */
export function jsonFormat<T extends { metadata: { resourceVersion?: string } }>(): Format<T> {
  const parse = (bytes: Buffer) => JSON.parse(bytes.toString());
  return {
    mediaType: 'application/json',
    watchType: 'application/json',
    list(body) {
      const { metadata, items } = parse(body);
      return { version: metadata.resourceVersion, items };
    },
    one: parse,
    write: object => Buffer.from(JSON.stringify(object)),
    event(bytes) {
      const end = bytes.indexOf('\n');
      if (end < 0) return undefined;
      const { type, object } = parse(bytes.subarray(0, end));
      if (type === 'ERROR') return { length: end + 1, event: { type, failure: object } };
      if (type !== 'BOOKMARK') return { length: end + 1, event: { type, object } };
      return { length: end + 1, event: { type, version: object.metadata.resourceVersion } };
    },
    failure: parse,
    version: object => object.metadata.resourceVersion ?? '',
  };
}

/** Metadata as the protobuf operator looks at it. */
export interface Metadata {
  name: string;
  uid?: string;
  resourceVersion?: string;
  annotations?: Record<string, string>;
  owner?: { apiVersion: string; kind: string; name: string; uid: string };
}

/** A built-in kind: how its message, less the metadata in field 1, is read and written. */
export interface Kind<T> {
  apiVersion: string;
  kind: string;
  read(fields: Fields): Omit<T, 'metadata'>;
  write(object: T): Buffer[];
}

/** Objects of a built-in kind in `application/vnd.kubernetes.protobuf`. */
export function protobufFormat<T extends { metadata: Metadata }>(kind: Kind<T>): Format<T> {
  const read = (raw: Fields) => ({ metadata: readMetadata(raw.message(1)), ...kind.read(raw) }) as T;
  return {
    mediaType: 'application/vnd.kubernetes.protobuf',
    watchType: 'application/vnd.kubernetes.protobuf;stream=watch',
    list(body) {
      const raw = open(body, kind.apiVersion, `${kind.kind}List`);
      const items = raw.all(2).map(bytes => read(new Fields(bytes)));
      return { version: raw.message(1).text(2), items };
    },
    one: body => read(open(body, kind.apiVersion, kind.kind)),
    write(object) {
      const type = [field(1, kind.apiVersion), field(2, kind.kind)];
      const raw = [field(1, writeMetadata(object.metadata)), ...kind.write(object)];
      return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)]);
    },
    event(bytes) {
      if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE(0)) return undefined;
      const length = 4 + bytes.readUInt32BE(0);
      const frame = new Fields(bytes.subarray(4, length));
      return { length, event: readEvent(frame.text(1), frame.message(2).all(1)[0]!, kind, read) };
    },
    failure: (body, mediaType) => {
      if (mediaType !== 'application/vnd.kubernetes.protobuf') throw new Error(`a Status in ${mediaType}`);
      return readStatus(body);
    },
    version: ({ metadata }) => metadata.resourceVersion ?? '',
  };
}

/** What an envelope of a kind holds. @throws Error for none, and another kind */
function open(bytes: Buffer, apiVersion: string, kind: string): Fields {
  if (bytes.subarray(0, 4).toString('latin1') !== 'k8s\0') throw new Error('no envelope');
  const envelope = new Fields(bytes.subarray(4));
  const type = envelope.message(1);
  if (type.text(1) !== apiVersion || type.text(2) !== kind) {
    throw new Error(`a ${type.text(1)} ${type.text(2)} came for a ${apiVersion} ${kind}`);
  }
  return envelope.message(2);
}

function readEvent<T>(
  type: string,
  object: Buffer,
  { apiVersion, kind }: Kind<T>,
  read: (raw: Fields) => T,
): WatchEvent<T> {
  if (type === 'ERROR') return { type, failure: readStatus(object) };
  const raw = open(object, apiVersion, kind);
  if (type === 'BOOKMARK') return { type, version: raw.message(1).text(6) };
  return { type: type as 'ADDED', object: read(raw) };
}

function readStatus(bytes: Buffer): Failure {
  const status = open(bytes, 'v1', 'Status');
  return { code: status.integer(6), reason: status.text(4) };
}

function readMetadata(meta: Fields): Metadata {
  return {
    name: meta.text(1),
    uid: meta.text(5),
    resourceVersion: meta.text(6),
    annotations: meta.map(12),
  };
}

function writeMetadata({ name, resourceVersion, annotations = {}, owner }: Metadata): Buffer[] {
  const entries = Object.entries(annotations).map(([key, value]) =>
    field(12, [field(1, key), field(2, value)]),
  );
  const reference = owner && [
    field(1, owner.kind),
    field(3, owner.name),
    field(4, owner.uid),
    field(5, owner.apiVersion),
    field(6, 1),
  ];
  return [
    field(1, name),
    ...(resourceVersion ? [field(6, resourceVersion)] : []),
    ...entries,
    ...(reference ? [field(13, reference)] : []),
  ];
}
