import type { Readable } from 'node:stream';
import type { KubeObject, WatchEventOf } from '../api/objects.ts';

/**
 * What goes in and out of the API server, whatever carries it. HTTP/2, HTTP/1.1 and the in-process transport
 * make a `ServerRequest` and write out a `ServerResponse`; nothing behind them knows which one it was.
 */
export interface ServerRequest {
  readonly method: string;
  /** Raw path without the query: `/api/v1/pods`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: RequestBody;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Who asks, where the transport knows it: the in-process one, or a verified client certificate. */
  readonly user?: ApiUser;
  /** In process `user` is final; over TLS a token may take its place. */
  readonly inProcess: boolean;
  readonly remoteAddress: string;
}

export type RequestBody =
  | { readonly kind: 'none' }
  /** In process: a JSON value that belongs to the sender and is never written to. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** @throws ApiError 413 past `limit` bytes. */
  | { readonly kind: 'bytes'; read(limit: number): Promise<Uint8Array> }
  /** The bytes as they come, for proxying. */
  | { readonly kind: 'stream'; readonly stream: Readable; read(limit: number): Promise<Uint8Array> };

/** A user as authentication found it (upstream's user.Info). */
export interface ApiUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ServerResponse {
  status: number;
  headers: Record<string, string | string[]>;
  body: ResponseBody;
}

export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly chunks: readonly Uint8Array[] }
  /** A JSON value: in process `value` is handed over (frozen), on the wire `chunks` is written. */
  | { readonly kind: 'value'; value(): unknown; chunks(): readonly Chunk[] }
  | { readonly kind: 'watch'; readonly source: WatchSource }
  | { readonly kind: 'stream'; readonly stream: Readable };

export type Chunk = Uint8Array | LateChunk;

/** Bytes that are made when it is their turn to be written, so that a long list is never in memory as a whole. */
export interface LateChunk {
  readonly length: number;
  /** Writes them to `into` from `at` on, where there is room for them. */
  copy(into: Buffer, at: number): void;
}

/** A watch that has been accepted and not begun. */
export interface WatchSource {
  /** Begins it. The events come from now on, some of them before this returns. */
  open(sink: WatchSink): { close(): void };
}

export interface WatchSink {
  /** Takes events; false when the receiver is so far behind that it has to be cut off. */
  events(batch: readonly WatchEvent[]): boolean;
  /** No more events: the time is up, or the server stops. */
  end(): void;
}

/** One event, encoded at most once for all its watchers. */
export interface WatchEvent {
  /** The event as it goes over the wire: a line of JSON with its line end, or a frame of protobuf. */
  bytes(): Uint8Array;
  value(): WatchEventOf<KubeObject>;
}

export function jsonBody(value: unknown): ResponseBody {
  return { kind: 'value', value: () => value, chunks: () => [Buffer.from(JSON.stringify(value))] };
}

export function jsonResponse(status: number, value: unknown): ServerResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: jsonBody(value) };
}

export function textResponse(
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): ServerResponse {
  return {
    status,
    headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff' },
    body: { kind: 'bytes', chunks: [Buffer.from(text)] },
  };
}

/** The one value of a header that must not repeat; the first where it does. */
export function header(request: Pick<ServerRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/** All values of a header, in order. */
export function headerValues(request: Pick<ServerRequest, 'headers'>, name: string): readonly string[] {
  const value = request.headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
