import type { Writable } from 'node:stream';
import type { Chunk } from '../exchange.ts';

/**
 * Bytes of an answer written at once: what Node.js hands to the kernel in one call when it is encrypted (ten buffers
 * of 16 kB).
 */
const pieceBytes = 128 * 1024;
/** Buffers kept for the next answers. */
const keptBuffers = 2;

const free: Buffer[] = [];

/** Writes in pieces, each after the one before has left, so that a large list never holds the event loop. */
export function writeChunks(out: Writable, chunks: readonly Chunk[]): void {
  const [only] = chunks;
  if (chunks.length === 1 && only instanceof Uint8Array && only.length <= pieceBytes) {
    out.end(only);
    return;
  }
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  const pieces = piecesOf(chunks, buffer);
  const next = (error?: Error | null) => {
    if (error || out.destroyed) return;
    const { value: piece } = pieces.next();
    if (piece) out.write(piece, next);
    else {
      out.end();
      if (free.length < keptBuffers) free.push(buffer);
    }
  };
  next();
}

/** The bytes of the chunks: small ones gathered in `buffer`, which every piece may lie in, and large ones cut. */
function* piecesOf(chunks: readonly Chunk[], buffer: Buffer): Generator<Uint8Array, undefined> {
  let used = 0;
  for (const chunk of chunks) {
    if (used > 0 && used + chunk.length > buffer.length) {
      yield buffer.subarray(0, used);
      used = 0;
    }
    if (chunk.length <= buffer.length) {
      copy(chunk, buffer, used);
      used += chunk.length;
    } else yield* partsOf(chunk);
  }
  if (used > 0) yield buffer.subarray(0, used);
}

function copy(chunk: Chunk, into: Buffer, at: number): void {
  if (chunk instanceof Uint8Array) into.set(chunk, at);
  else chunk.copy(into, at);
}

function* partsOf(chunk: Chunk): Generator<Uint8Array, undefined> {
  const bytes = chunk instanceof Uint8Array ? chunk : Buffer.allocUnsafeSlow(chunk.length);
  if (!(chunk instanceof Uint8Array)) chunk.copy(bytes as Buffer, 0);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
