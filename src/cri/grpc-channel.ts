import http2 from 'node:http2';
import net from 'node:net';
import { decodeMessage, encodeMessage } from './protobuf.ts';
import type { Decoded, Encoded, MessageName } from './schema.ts';

/** gRPC status codes that callers tell apart (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const grpcCode = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  unimplemented: 12,
  unavailable: 14,
} as const;

/** A call that the runtime refused or that did not reach it. `message` is the runtime's own text. */
export class GrpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GrpcError';
    this.code = code;
  }
}

export interface CallOptions<Reply extends MessageName> {
  reply: Reply;
  /** Milliseconds until the call fails with `deadlineExceeded`; 0: never. */
  timeout?: number;
  signal?: AbortSignal;
}

const maxMessageBytes = 16 * 1024 * 1024;

/**
 * gRPC calls over one HTTP/2 connection without TLS, made when first needed and again after it broke.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class GrpcChannel {
  readonly #address: net.NetConnectOpts;
  #session: http2.ClientHttp2Session | undefined;

  /** @param address `{ path }` of a Unix socket, or `{ host, port }` */
  constructor(address: net.NetConnectOpts) {
    this.#address = address;
  }

  /** One request, one reply. @throws GrpcError */
  async unary<Request extends MessageName, Reply extends MessageName>(
    path: string,
    request: Request,
    value: Encoded<Request>,
    options: CallOptions<Reply>,
  ): Promise<Decoded<Reply>> {
    const call = this.#open(path, options);
    const outcome = watchOutcome(call, path);
    const frames = new FrameReader();
    let reply: Buffer | undefined;
    call.on('data', (chunk: Buffer) => {
      try {
        for (const bytes of frames.push(chunk)) reply ??= bytes;
      } catch (error) {
        call.destroy(error as Error);
      }
    });
    call.end(frame(encodeMessage(request, value)));
    await outcome;
    if (!reply) throw new GrpcError(grpcCode.unknown, `${path}: no reply`);
    return decodeMessage(options.reply, reply);
  }

  /** One request, replies as they come; ends when the server ends it. @throws GrpcError */
  async *stream<Request extends MessageName, Reply extends MessageName>(
    path: string,
    request: Request,
    value: Encoded<Request>,
    options: CallOptions<Reply>,
  ): AsyncGenerator<Decoded<Reply>> {
    const call = this.#open(path, options);
    const outcome = watchOutcome(call, path);
    // A call that fails before its outcome is awaited must not count as an unhandled rejection.
    outcome.catch(() => {});
    const frames = new FrameReader();
    call.end(frame(encodeMessage(request, value)));
    try {
      for await (const chunk of call as AsyncIterable<Buffer>) {
        for (const bytes of frames.push(chunk)) yield decodeMessage(options.reply, bytes);
      }
      await outcome;
    } catch (error) {
      throw await preferOutcome(outcome, error, path);
    } finally {
      call.close(http2.constants.NGHTTP2_CANCEL);
    }
  }

  close(): void {
    this.#session?.close();
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(path: string, { timeout = 0, signal }: CallOptions<MessageName>): http2.ClientHttp2Stream {
    const headers: http2.OutgoingHttpHeaders = {
      ':method': 'POST',
      ':path': path,
      ':scheme': 'http',
      ':authority': 'localhost',
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'causeway',
    };
    if (timeout > 0) headers['grpc-timeout'] = `${Math.min(Math.ceil(timeout), 99_999_999)}m`;
    return this.#connect().request(headers, signal ? { signal } : {});
  }

  #connect(): http2.ClientHttp2Session {
    const present = this.#session;
    if (present && !present.closed && !present.destroyed) return present;
    const session = http2.connect('http://localhost', {
      createConnection: () => net.connect(this.#address),
      settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
    });
    const forget = () => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', forget);
    session.on('goaway', forget);
    session.on('close', forget);
    this.#session = session;
    return session;
  }
}

/** Resolves when the call's trailers say OK, rejects with their GrpcError otherwise. */
function watchOutcome(call: http2.ClientHttp2Stream, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = false;
    const judge = (headers: http2.IncomingHttpHeaders) => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      told = true;
      if (Number(status) === 0) resolve();
      else reject(new GrpcError(Number(status), decodeText(headers['grpc-message'])));
    };
    call.on('response', judge);
    call.on('trailers', judge);
    call.on('error', cause => {
      told = true;
      reject(unavailable(path, cause));
    });
    call.on('close', () => {
      // Every call closes; what its trailers or its error said stands.
      if (!told) reject(unavailable(path, new Error('connection closed')));
    });
  });
}

async function preferOutcome(outcome: Promise<void>, error: unknown, path: string): Promise<unknown> {
  if (error instanceof GrpcError) return error;
  try {
    await outcome;
  } catch (told) {
    return told;
  }
  return unavailable(path, error);
}

function unavailable(path: string, cause: unknown): GrpcError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const aborted = cause instanceof Error && cause.name === 'AbortError';
  return new GrpcError(aborted ? grpcCode.cancelled : grpcCode.unavailable, `${path}: ${text}`, { cause });
}

function decodeText(text: string | string[] | undefined): string {
  const whole = String(text ?? 'unknown');
  try {
    return decodeURIComponent(whole);
  } catch {
    return whole;
  }
}

/** Length-prefixed message: one byte of flags (0: not compressed), four of length. */
function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Cuts a byte stream into messages; copies each byte once however it is chunked. */
class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 5;

  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#needed) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
      this.#needed = 5 + messageSize(all);
      this.#chunks = [all];
      if (all.length < this.#needed) return;
      yield all.subarray(5, this.#needed);
      this.#chunks = [all.subarray(this.#needed)];
      this.#length -= this.#needed;
      this.#needed = 5;
    }
  }
}

function messageSize(bytes: Buffer): number {
  const size = bytes.readUInt32BE(1);
  if (size > maxMessageBytes) throw new RangeError(`gRPC message of ${size} bytes`);
  if (bytes[0] !== 0) throw new RangeError('compressed gRPC message');
  return size;
}
