import type { Readable } from 'node:stream';
import { requestEntityTooLarge } from '../../api/status.ts';
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
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > limit) {
        stream.pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    stream.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('the client went away before its request was whole')));
  });
}

function tooLarge(limit: number) {
  return requestEntityTooLarge(`limit is ${limit}`);
}
