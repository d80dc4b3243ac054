import { WireWriter } from './writer.ts';

/** Of a watch's answer in protobuf. */
export const watchType = 'application/vnd.kubernetes.protobuf;stream=watch';

/**
 * One event of a watch: its length in four bytes, then a `meta.v1.WatchEvent` without an envelope, in which
 * the object stands in its own.
 */
export function watchFrame(type: string, object: Uint8Array): Buffer {
  const writer = new WireWriter(object.length + 64);
  writer.bytes(object);
  writer.delimited(1, 0);
  writer.delimited(2, 0);
  const mark = writer.used;
  writer.text(type);
  writer.delimited(1, mark);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(writer.used);
  writer.bytes(length);
  return writer.finish();
}
