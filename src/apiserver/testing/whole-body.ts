import type { Chunk } from '../exchange.ts';

/** All bytes of a body. */
export function wholeBody(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat(
    chunks.map(chunk => {
      if (chunk instanceof Uint8Array) return chunk;
      const bytes = Buffer.alloc(chunk.length);
      chunk.copy(bytes, 0);
      return bytes;
    }),
  );
}
