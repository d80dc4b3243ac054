import type { KubeObject } from '../../api/objects.ts';
import type { ValueAt } from '../../store/store.ts';

/**
 * How objects lie in the store and go over the wire:
 *
 *     {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"42","name":…},"spec":…}
 *
 * Kind, version and resourceVersion stand first, so that a new resourceVersion is put in by cutting bytes,
 * and a list leaves kind and version out of its items (as upstream's typed lists do) the same way.
 */
const versionMark = Buffer.from('"metadata":{"resourceVersion":"');
const quote = 0x22;

/** Encodes `object` but for its resourceVersion. */
export function encodeObject(object: KubeObject): ValueAt {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...meta } = metadata ?? {};
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{"resourceVersion":"`;
  const metaText = JSON.stringify(meta);
  const restText = JSON.stringify(rest);
  const tail = `"${metaText === '{}' ? '}' : `,${metaText.slice(1)}`}${restText === '{}' ? '}' : `,${restText.slice(1)}`}`;
  return {
    // In Node's pool: the store copies what it keeps, and small memory of its own would leave holes in the heap.
    at: revision => Buffer.from(`${head}${revision}${tail}`),
    parts: () => [Buffer.from(head), Buffer.from(tail)],
  };
}

/** Whether the bytes are those of an object, which carry the revision they are stored at. */
export function carriesRevision(bytes: Uint8Array): boolean {
  return asBuffer(bytes).includes(versionMark);
}

/** Encoded bytes, to be stored at another revision. */
export function restamped(bytes: Uint8Array): ValueAt {
  return {
    at: revision => withRevision(bytes, revision),
    parts() {
      const { start, end } = digitsOf(asBuffer(bytes));
      return [bytes.subarray(0, start), bytes.subarray(end)];
    },
  };
}

/** The same object at another revision. */
export function withRevision(bytes: Uint8Array, revision: number): Uint8Array {
  const buffer = asBuffer(bytes);
  const { start, end } = digitsOf(buffer);
  const digits = String(revision);
  const copy = Buffer.allocUnsafe(buffer.length - (end - start) + digits.length);
  buffer.copy(copy, 0, 0, start);
  copy.write(digits, start, 'latin1');
  buffer.copy(copy, start + digits.length, end);
  return copy;
}

function digitsOf(buffer: Buffer): { start: number; end: number } {
  const start = buffer.indexOf(versionMark) + versionMark.length;
  return { start, end: buffer.indexOf(quote, start) };
}

/** Where the text after kind and apiVersion begins: an item of a list is `{` and what follows there. */
export function metadataOffset(bytes: Uint8Array): number {
  return asBuffer(bytes).indexOf(versionMark);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Buffer) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
