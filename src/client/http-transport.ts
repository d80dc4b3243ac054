import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { KubeObject, WatchEventOf } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { failureOf } from './http-failure.ts';
import { HttpSession, type ServerAddress } from './http-session.ts';
import { LineSplitter } from './line-splitter.ts';
import type { ApiRequest, Transport } from './transport.ts';

export interface HttpTransportOptions extends ServerAddress {
  /** Bearer token, where there is no client certificate. */
  token?: string;
}

/** An opened stream whose answer has begun. */
interface Answer {
  stream: ClientHttp2Stream;
  status: number;
}

/**
 * The API over TLS and HTTP/2, all requests and watches on one connection. A request that the server has
 * certainly not begun to work on (refused stream, connection gone before it was sent), and a GET that got no
 * answer, is sent once more on a new connection; everything else fails to the caller.
 */
export class HttpTransport implements Transport {
  readonly #session: HttpSession;
  readonly #authority: string;
  readonly #token: string | undefined;

  constructor(deps: { clock: Clock; log: Logger }, options: HttpTransportOptions) {
    this.#session = new HttpSession(deps, options);
    this.#authority = new URL(options.server).host;
    this.#token = options.token;
  }

  async request<T = unknown>(request: ApiRequest): Promise<T> {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    try {
      return await this.#once<T>(request, body);
    } catch (error) {
      if (request.signal?.aborted || !mayRetry(request, error)) throw error;
      return await this.#once<T>(request, body);
    }
  }

  async *watch<T extends KubeObject>(request: ApiRequest): AsyncIterable<WatchEventOf<T>> {
    const { stream, status } = await this.#open(request, undefined);
    try {
      if (status !== 200) throw failureOf(status, request.path, await readAll(stream));
      const lines = new LineSplitter();
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (const line of lines.push(chunk)) yield parseEvent<T>(line);
      }
      // What is left without a line feed is an event cut off by the server's end: the version seen last stays.
    } catch (error) {
      throw request.signal?.aborted ? request.signal.reason : error;
    } finally {
      stream.close(constants.NGHTTP2_CANCEL);
    }
    if (stream.aborted) throw new NoAnswer('the watch was cut off');
  }

  /** Ends every request and watch under way; the transport is of no use afterwards. */
  close(): void {
    this.#session.close();
  }

  async #once<T>(request: ApiRequest, body: Buffer | undefined): Promise<T> {
    const { stream, status } = await this.#open(request, body);
    const text = await readAll(stream).catch(cause => {
      throw request.signal?.aborted
        ? request.signal.reason
        : new NoAnswer('the answer was cut off', { cause });
    });
    if (status < 200 || status > 299) throw failureOf(status, request.path, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async #open(request: ApiRequest, body: Buffer | undefined): Promise<Answer> {
    const { signal } = request;
    signal?.throwIfAborted();
    const session = await untilAborted(this.#session.get(), signal);
    const stream = startStream(session, this.#headers(request, body), body);
    return await answerOf(stream, signal);
  }

  #headers(request: ApiRequest, body: Buffer | undefined): OutgoingHttpHeaders {
    return {
      ':method': request.method,
      ':path': request.path,
      ':authority': this.#authority,
      accept: 'application/json',
      'user-agent': 'causeway',
      ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      ...(body && {
        'content-type': request.contentType ?? 'application/json',
        'content-length': String(body.length),
      }),
    };
  }
}

/** No answer came, or not all of it. `unsent`: the server has not worked on the request. */
class NoAnswer extends Error {
  readonly unsent: boolean;
  constructor(message: string, options?: ErrorOptions & { unsent?: boolean }) {
    super(message, options);
    this.name = 'NoAnswer';
    this.unsent = options?.unsent ?? false;
  }
}

function mayRetry(request: ApiRequest, error: unknown): boolean {
  return error instanceof NoAnswer && (error.unsent || request.method === 'GET');
}

function startStream(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Buffer | undefined,
): ClientHttp2Stream {
  try {
    const stream = session.request(headers, { endStream: !body });
    if (body) stream.end(body);
    return stream;
  } catch (cause) {
    // The session closed between being handed out and used.
    throw new NoAnswer('the connection to the API server is gone', { cause, unsent: true });
  }
}

/** Waits for the response headers. An abort, then or later, cancels the stream. */
function answerOf(stream: ClientHttp2Stream, signal: AbortSignal | undefined): Promise<Answer> {
  const cancel = () => void stream.destroy(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', cancel));
  return new Promise((resolve, reject) => {
    let failure: unknown;
    stream.on('error', error => {
      failure = error;
    });
    let answered = false;
    stream.once('response', headers => {
      answered = true;
      resolve({ stream, status: Number(headers[':status']) });
    });
    stream.once('close', () => {
      if (answered) return;
      const unsent = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined;
      const message = 'the API server closed the connection without an answer';
      reject(signal?.aborted ? signal.reason : new NoAnswer(message, { cause: failure, unsent }));
    });
  });
}

async function readAll(stream: ClientHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
    throw new Error('the stream was reset');
  return Buffer.concat(chunks).toString('utf8');
}

function parseEvent<T extends KubeObject>(line: string): WatchEventOf<T> {
  const event = JSON.parse(line) as WatchEventOf<T>;
  if (event.type === 'ERROR') throw new ApiError(event.object as object);
  return event;
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
