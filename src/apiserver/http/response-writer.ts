import type { ServerResponse as Http1Response } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import type { Chunk, ServerRequest, ServerResponse, WatchEvent, WatchSource } from '../exchange.ts';
import { writeChunks } from './chunk-writer.ts';
import { writeChunk } from './chunked-coding.ts';
import { gzipHeaders, gzipInto, isCompressed } from './compression.ts';
import type { FlushQueue } from './flush-queue.ts';

/** A watcher whose connection holds more unsent bytes than this is cut off. */
const slowWatcherBytes = 16 * 1024 * 1024;

export function writeToHttp2(
  stream: ServerHttp2Stream,
  request: ServerRequest,
  response: ServerResponse,
  queue: FlushQueue,
): void {
  if (stream.destroyed || stream.closed) {
    release(response);
    return;
  }
  const { body } = response;
  const { headers: lengthHeaders, gzip } = framing(request, response);
  const headers = { ':status': response.status, ...response.headers, ...lengthHeaders };
  if (body.kind === 'none' || request.method === 'HEAD') {
    stream.respond(headers, { endStream: true });
    release(response);
    return;
  }
  stream.respond(headers);
  writeBody(gzip ? gzipInto(stream) : stream, body, queue);
}

export function writeToHttp1(
  out: Http1Response,
  request: ServerRequest,
  response: ServerResponse,
  queue: FlushQueue,
): void {
  if (out.destroyed) {
    release(response);
    return;
  }
  // A request whose body was not read to its end can't be followed by another on the same connection.
  const unread = request.body.kind === 'stream' && !request.body.stream.readableEnded;
  if (unread) out.setHeader('connection', 'close');
  const { body } = response;
  const { headers, gzip } = framing(request, response);
  out.writeHead(response.status, { ...response.headers, ...headers });
  if (body.kind === 'none' || request.method === 'HEAD') {
    out.end();
    release(response);
    return;
  }
  if (body.kind === 'watch' || body.kind === 'stream') out.flushHeaders();
  if (body.kind === 'watch') writeWatch(out, body.source, queue, bytes => writeChunk(out, bytes));
  else writeBody(gzip ? gzipInto(out) : out, body, queue);
}

type Body = ServerResponse['body'];

const encoded = new WeakMap<Body, readonly Chunk[]>();

function chunksOf(body: Body): readonly Chunk[] | undefined {
  if (body.kind === 'bytes') return body.chunks;
  if (body.kind !== 'value') return undefined;
  let chunks = encoded.get(body);
  if (!chunks) {
    chunks = body.chunks();
    encoded.set(body, chunks);
  }
  return chunks;
}

/** How the client knows the body's end, and whether it comes compressed. */
function framing(
  request: ServerRequest,
  response: ServerResponse,
): { headers: Record<string, string>; gzip: boolean } {
  const { body } = response;
  if (body.kind === 'none') return { headers: { 'content-length': '0' }, gzip: false };
  const chunks = chunksOf(body);
  if (!chunks) return { headers: {}, gzip: false };
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  if (isCompressed(request, response, length)) return { headers: gzipHeaders, gzip: true };
  return { headers: { 'content-length': String(length) }, gzip: false };
}

function writeBody(out: Writable, body: Body, queue: FlushQueue): void {
  const chunks = chunksOf(body);
  if (chunks) writeChunks(out, chunks);
  else if (body.kind === 'stream') {
    body.stream.on('error', () => out.destroy());
    out.on('close', () => body.stream.destroy());
    body.stream.pipe(out);
  } else if (body.kind === 'watch') writeWatch(out, body.source, queue, bytes => out.write(bytes));
}

/** Writes the events of one turn of the event loop in one piece. */
function writeWatch(
  out: Writable,
  source: WatchSource,
  queue: FlushQueue,
  write: (bytes: Uint8Array) => void,
): void {
  let pending: WatchEvent[] = [];
  let ended = false;
  const flush = () => {
    const batch = pending;
    pending = [];
    if (out.destroyed) return;
    if (batch.length > 0) write(join(batch));
    if (ended) out.end();
  };
  const schedule = () => {
    if (pending.length === 0 && !ended) queue.add(flush);
  };
  const handle = source.open({
    events(batch) {
      if (out.destroyed) return false;
      if (out.writableLength > slowWatcherBytes) {
        out.destroy();
        return false;
      }
      schedule();
      pending.push(...batch);
      return true;
    },
    end() {
      schedule();
      ended = true;
    },
  });
  out.once('close', () => handle.close());
}

function join(events: readonly WatchEvent[]): Uint8Array {
  if (events.length === 1) return events[0]!.bytes();
  return Buffer.concat(events.map(event => event.bytes()));
}

function release(response: ServerResponse): void {
  if (response.body.kind === 'stream') response.body.stream.destroy();
}
