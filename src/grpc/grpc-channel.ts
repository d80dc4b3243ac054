import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import type { ProtobufCodec } from './protobuf.ts';
import type { DecodedIn, EncodedIn, GrpcSchema, MessageNameIn } from './schema.ts';

/** gRPC status codes that callers tell apart (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const grpcCode = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
} as const;

/** A call that the other side refused or that did not reach it. `message` is the other side's own text. */
export class GrpcError extends Error {
  readonly code: number;
  /** The call was never sent: the connection could not be made. */
  readonly unsent: boolean;
  constructor(code: number, message: string, options: ErrorOptions & { unsent?: boolean } = {}) {
    super(message, options);
    this.name = 'GrpcError';
    this.code = code;
    this.unsent = options.unsent ?? false;
  }
}

export interface CallOptions<Reply extends string> {
  reply: Reply;
  /** Milliseconds after which the other side ends the call with `deadlineExceeded`; 0: never. */
  timeout?: number;
  signal?: AbortSignal;
  /** Sent along as metadata. */
  metadata?: Readonly<Record<string, string>>;
}

export interface GrpcChannelOptions {
  /** TLS instead of plain text. PEM; the server's name is taken from the address where not given. */
  tls?: { ca?: string; cert?: string; key?: string; servername?: string };
  /** Milliseconds after which a connection that does not answer a ping is given up; 0: none is sent. */
  keepAlive?: number;
  /** A longer message ends its call. */
  maxMessageBytes?: number;
}

const defaultMaxMessageBytes = 16 * 1024 * 1024;
const streamWindow = 1024 * 1024;

/**
 * gRPC calls over one HTTP/2 connection, made when first needed and again after it broke.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class GrpcChannel<S extends GrpcSchema> {
  readonly #codec: ProtobufCodec<S>;
  readonly #address: net.NetConnectOpts;
  readonly #options: GrpcChannelOptions;
  #session: http2.ClientHttp2Session | undefined;

  /** @param address `{ path }` of a Unix socket, or `{ host, port }` */
  constructor(codec: ProtobufCodec<S>, address: net.NetConnectOpts, options: GrpcChannelOptions = {}) {
    this.#codec = codec;
    this.#address = address;
    this.#options = options;
  }

  /** One request, one reply. @throws GrpcError */
  async unary<Request extends MessageNameIn<S>, Reply extends MessageNameIn<S>>(
    path: string,
    request: Request,
    value: EncodedIn<S, Request>,
    options: CallOptions<Reply>,
  ): Promise<DecodedIn<S, Reply>> {
    const call = this.#open(path, options);
    const outcome = watchOutcome(call, path);
    const frames = new FrameReader(this.#maxMessageBytes);
    let reply: Buffer | undefined;
    call.on('data', (chunk: Buffer) => {
      try {
        for (const bytes of frames.push(chunk)) reply ??= bytes;
      } catch (error) {
        call.destroy(error as Error);
      }
    });
    call.end(frame(this.#codec.encode(request, value)));
    await outcome;
    if (!reply) throw new GrpcError(grpcCode.unknown, `${path}: no reply`);
    return this.#codec.decode(options.reply, reply);
  }

  /** One request, replies as they come; ends when the server ends it. @throws GrpcError */
  async *stream<Request extends MessageNameIn<S>, Reply extends MessageNameIn<S>>(
    path: string,
    request: Request,
    value: EncodedIn<S, Request>,
    options: CallOptions<Reply>,
  ): AsyncGenerator<DecodedIn<S, Reply>> {
    const call = this.#open(path, options);
    const outcome = watchOutcome(call, path);
    // A call that fails before its outcome is awaited must not count as an unhandled rejection.
    outcome.catch(() => {});
    const frames = new FrameReader(this.#maxMessageBytes);
    call.end(frame(this.#codec.encode(request, value)));
    try {
      for await (const chunk of call as AsyncIterable<Buffer>) {
        for (const bytes of frames.push(chunk)) yield this.#codec.decode(options.reply, bytes);
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

  get #maxMessageBytes(): number {
    return this.#options.maxMessageBytes ?? defaultMaxMessageBytes;
  }

  #open(
    path: string,
    { timeout = 0, signal, metadata }: CallOptions<MessageNameIn<S>>,
  ): http2.ClientHttp2Stream {
    const headers: http2.OutgoingHttpHeaders = {
      ':method': 'POST',
      ':path': path,
      ':scheme': this.#options.tls ? 'https' : 'http',
      ':authority': 'localhost',
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'causeway',
      ...metadata,
    };
    if (timeout > 0) headers['grpc-timeout'] = `${Math.min(Math.ceil(timeout), 99_999_999)}m`;
    return this.#connect().request(headers, signal ? { signal } : {});
  }

  #connect(): http2.ClientHttp2Session {
    const present = this.#session;
    if (present && !present.closed && !present.destroyed) return present;
    const session = http2.connect(this.#options.tls ? 'https://localhost' : 'http://localhost', {
      createConnection: () => this.#dial(),
      settings: { enablePush: false, initialWindowSize: streamWindow },
    });
    const forget = () => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', forget);
    session.on('goaway', forget);
    session.on('close', forget);
    // As long as no stream's window is larger than the connection's, one stream cannot hold up the others.
    session.on('connect', () => {
      // Told also when the session was destroyed in the same moment.
      if (!session.destroyed) session.setLocalWindowSize(16 * streamWindow);
    });
    if (this.#options.keepAlive) pingWhileOpen(session, this.#options.keepAlive);
    this.#session = session;
    return session;
  }

  #dial(): net.Socket {
    const secure = this.#options.tls;
    if (!secure) return net.connect(this.#address);
    const host = 'host' in this.#address ? this.#address.host : undefined;
    const name = secure.servername ?? (host && net.isIP(host) === 0 ? host : undefined);
    return tls.connect({
      ...this.#address,
      ...secure,
      ...(name !== undefined && { servername: name }),
      ALPNProtocols: ['h2'],
    });
  }
}

/** A connection whose other side is gone without a word is found out by a ping that is not answered. */
function pingWhileOpen(session: http2.ClientHttp2Session, period: number): void {
  let answered = true;
  const timer = setInterval(() => {
    // Between its end and the event that tells of it.
    if (session.destroyed) return;
    if (!answered || session.connecting) {
      session.destroy(new Error(`no answer for ${period} ms`));
      return;
    }
    answered = false;
    session.ping(error => {
      answered = error === null;
    });
  }, period);
  timer.unref();
  session.on('close', () => clearInterval(timer));
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
    // Where the connection was not made yet, nothing has left this process.
    let wasUnsent = call.pending;
    call.on('ready', () => {
      wasUnsent = false;
    });
    call.on('error', cause => {
      told = true;
      reject(unavailable(path, cause, wasUnsent));
    });
    call.on('close', () => {
      // Every call closes; what its trailers or its error said stands.
      if (!told) reject(unavailable(path, new Error('connection closed'), wasUnsent));
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

function unavailable(path: string, cause: unknown, unsent = false): GrpcError {
  // A stream that ended with its connection says why in its cause.
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const text = reason instanceof Error ? reason.message : String(reason);
  const aborted = cause instanceof Error && cause.name === 'AbortError';
  return new GrpcError(aborted ? grpcCode.cancelled : grpcCode.unavailable, `${path}: ${text}`, {
    cause,
    unsent,
  });
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
  readonly #maxMessageBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 5;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#needed) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
      this.#needed = 5 + messageSize(all, this.#maxMessageBytes);
      this.#chunks = [all];
      if (all.length < this.#needed) return;
      yield all.subarray(5, this.#needed);
      this.#chunks = [all.subarray(this.#needed)];
      this.#length -= this.#needed;
      this.#needed = 5;
    }
  }
}

function messageSize(bytes: Buffer, most: number): number {
  const size = bytes.readUInt32BE(1);
  if (size > most) throw new RangeError(`gRPC message of ${size} bytes`);
  if (bytes[0] !== 0) throw new RangeError('compressed gRPC message');
  return size;
}
