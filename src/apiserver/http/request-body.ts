import type { Readable } from 'node:stream';
import { requestEntityTooLarge } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { RequestBody } from '../exchange.ts';

/** Bytes of the largest body of a request (upstream's MaxRequestBodyBytes). */
export const maxRequestBytes = 3 * 1024 * 1024;

/** The body of a request that arrives on `stream`; nothing is read before it is asked for. */
export function streamedBody(stream: Readable, contentLength: string | undefined): RequestBody {
  return { kind: 'stream', stream, read: limit => readAll(stream, contentLength, limit) };
}

function readAll(stream: Readable, contentLength: string | undefined, limit: number): Promise<Uint8Array> {
  if (Number(contentLength) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const take = (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limit) {
        stream.off('data', take);
        stream.pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    };
    stream.on('data', take);
    stream.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('the client went away before its request was whole')));
  });
}

/** Milliseconds for which the rest of a body is taken in that nobody reads, as long as Go's server waits. */
const discardTime = 500;

/**
 * Takes in what is left of a body and keeps none of it, for a while: who still sends when the connection is closed
 * is told of a broken pipe, and does not come to read why.
 */
export async function discardRest(stream: Readable, clock: Clock): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return;
  const over = Promise.withResolvers<void>();
  const cancel = clock.after(discardTime, over.resolve);
  stream.once('end', over.resolve).once('close', over.resolve).resume();
  await over.promise;
  cancel();
  stream.pause();
}

function tooLarge(limit: number) {
  return requestEntityTooLarge(`limit is ${limit}`);
}
