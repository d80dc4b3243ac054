import type { ServerResponse } from 'node:http';

/** What many watchers are sent, in the chunked coding of HTTP/1.1. */
const framed = new WeakMap<Uint8Array, Buffer>();
const lineEnd = Buffer.from('\r\n');

/**
 * Writes one chunk of an answer whose header is out. Node.js writes size, bytes and line ends by themselves and joins
 * them for each connection; here the chunk is made once for all that are sent the same bytes.
 */
export function writeChunk(out: ServerResponse, bytes: Uint8Array): void {
  const { socket } = out;
  // Behind another answer on its connection there is no socket yet, and for HTTP/1.0 there are no chunks.
  if (!socket || !out.chunkedEncoding) out.write(bytes);
  else socket.write(chunkOf(bytes));
}

function chunkOf(bytes: Uint8Array): Buffer {
  let chunk = framed.get(bytes);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, lineEnd]);
    framed.set(bytes, chunk);
  }
  return chunk;
}
