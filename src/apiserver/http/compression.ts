import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { header, type ServerRequest, type ServerResponse } from '../exchange.ts';

/** Answers up to this many bytes go as they are (upstream's defaultGzipThresholdBytes). */
const thresholdBytes = 128 * 1024;

/** Whether an answer of `length` bytes is compressed: the client takes gzip, and it is long (APIResponseCompression). */
export function isCompressed(request: ServerRequest, response: ServerResponse, length: number): boolean {
  if (length <= thresholdBytes || response.headers['content-encoding'] !== undefined) return false;
  const accepted = (header(request, 'accept-encoding') ?? '').split(',').map(part => part.trim());
  return accepted.includes('gzip');
}

export const gzipHeaders = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };

/** What is written to it goes to `out` compressed, by another thread; as fast as can be, as upstream. */
export function gzipInto(out: Writable): Writable {
  const gzip = createGzip({ level: 1 });
  gzip.on('error', () => out.destroy());
  out.on('close', () => gzip.destroy());
  gzip.pipe(out);
  return gzip;
}
