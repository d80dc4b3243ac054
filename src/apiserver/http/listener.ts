import { rmSync } from 'node:fs';
import {
  createServer,
  type ServerResponse as Http1Response,
  type IncomingMessage,
  type Server,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { ApiUser, ServerRequest, ServerResponse } from '../exchange.ts';
import { certificateUser } from './client-certificate.ts';
import { FlushQueue } from './flush-queue.ts';
import { discardRest, streamedBody } from './request-body.ts';
import { writeToHttp1, writeToHttp2 } from './response-writer.ts';

export interface ListenerOptions {
  /** Addresses, and paths of Unix sockets, which only root may connect to. */
  addresses: readonly string[];
  /** 0 takes a free one. */
  port: number;
  /** PEM. */
  tls: { cert: string; key: string; clientCa: string };
  /** Several servers of one machine share the addresses: the kernel spreads connections over those there are. */
  shared?: { ownPort: number };
  /** Milliseconds an HTTP/1.1 client has for its request's header. */
  headersTimeout?: number;
}

export interface ListenerDeps {
  clock: Clock;
  log: Logger;
  handle(request: ServerRequest): Promise<ServerResponse>;
  /** A request that asks for an upgraded connection (exec, attach, port-forward, proxied WebSockets). */
  upgrade(request: ServerRequest, socket: Socket, head: Buffer): Promise<void>;
}

/** Milliseconds an HTTP/1.1 client has for its request's header. */
const headersTimeout = 32_000;
/** How long `stop` waits for answers under way before it cuts them, milliseconds. */
const drainTime = 2000;
const maxHeaderBytes = 64 * 1024;
/** Why a request's signal aborts. By itself each would make an error with a stack, for every answer that ends. */
const requestClosed = new Error('the request is closed');

/**
 * The TLS listener. One TLS server per address hands each connection, by ALPN, to an HTTP/2 or an HTTP/1.1
 * server, both without listeners of their own; upgrades come over HTTP/1.1 only.
 */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #options: ListenerOptions;
  readonly #servers: TlsServer[] = [];
  /** All connections, those in their TLS handshake too. */
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #users = new WeakMap<object, ApiUser | null>();
  #http1: Server | undefined;
  #http2: Http2Server | undefined;
  readonly #queue = new FlushQueue();
  #underWay = 0;
  #onIdle: (() => void) | undefined;
  #port = 0;

  constructor(deps: ListenerDeps, options: ListenerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The port listened on, once started. */
  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#http1 = this.#createHttp1();
    this.#http2 = this.#createHttp2();
    this.#port = this.#options.port;
    const { addresses, shared } = this.#options;
    for (const address of addresses) {
      await this.#listen(address, this.#port);
      if (shared && !isSocketPath(address)) await this.#listen(address, shared.ownPort);
    }
  }

  /** Takes no more connections, lets HTTP/2 sessions go away in order, and closes what is left. */
  async stop(): Promise<void> {
    const closed = this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve())));
    for (const session of this.#sessions) session.close();
    // Ends the look-out for slow headers; that nothing listens here is no failure.
    this.#http1?.close(() => {});
    await this.#drained();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  /** Resolves when no answer is under way, or the time for that is up. */
  #drained(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise(resolve => {
      const cancel = this.#deps.clock.after(drainTime, resolve);
      this.#onIdle = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Counts an answer until its stream closes. */
  #count(out: { once(event: 'close', listener: () => void): unknown }): void {
    this.#underWay++;
    out.once('close', () => {
      this.#underWay--;
      if (this.#underWay === 0) this.#onIdle?.();
    });
  }

  #listen(address: string, port: number): Promise<void> {
    const { cert, key, clientCa } = this.#options.tls;
    const server = createTlsServer({
      cert,
      key,
      ca: clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('secureConnection', socket => this.#accept(socket));
    server.on('tlsClientError', (error, socket) => {
      this.#deps.log.debug('TLS handshake failed', { error, from: socket.remoteAddress });
      socket.destroy();
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const listening = () => {
        server.off('error', reject);
        if (!onSocket && port === this.#port) this.#port = (server.address() as AddressInfo).port;
        resolve();
      };
      const onSocket = isSocketPath(address);
      if (onSocket) {
        // One left behind by a killed server would be in the way.
        rmSync(address, { force: true });
        server.listen({ path: address, readableAll: false, writableAll: false }, listening);
      } else {
        const reusePort = this.#options.shared !== undefined && port === this.#options.port;
        server.listen({ port, host: address, reusePort }, listening);
      }
    });
  }

  #accept(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    const server = socket.alpnProtocol === 'h2' ? this.#http2 : this.#http1;
    server!.emit('connection', socket);
  }

  #createHttp1(): Server {
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: 180_000,
      // The header has to come within this; a body may take as long as its request's deadline allows.
      headersTimeout: this.#options.headersTimeout ?? headersTimeout,
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
    });
    // Node begins to look for headers that never end when a server listens; this one is handed its connections.
    server.emit('listening');
    server.on('request', (request, response) => this.#onHttp1(request, response));
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      this.#onHttp1(request, response);
    });
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket as Socket, head));
    return server;
  }

  #createHttp2(): Http2Server {
    const server = createHttp2Server({
      settings: {
        maxConcurrentStreams: 1000,
        initialWindowSize: 256 * 1024,
        maxHeaderListSize: maxHeaderBytes,
      },
    });
    server.on('session', session => {
      session.setLocalWindowSize(1024 * 1024);
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', error => this.#deps.log.debug('HTTP/2 session failed', { error }));
    });
    server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void this.#onHttp2(stream, headers),
    );
    return server;
  }

  async #onHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', error => this.#deps.log.debug('HTTP/2 stream failed', { error }));
    const socket = stream.session?.socket as TLSSocket | undefined;
    if (!socket) return;
    const aborted = new AbortController();
    const request = this.#request(
      headers[':method']!,
      headers[':path'] ?? '/',
      headers,
      socket,
      aborted.signal,
      {
        stream,
        hasBody: !stream.endAfterHeaders,
      },
    );
    stream.once('close', () => aborted.abort(requestClosed));
    this.#count(stream);
    writeToHttp2(stream, request, await this.#deps.handle(request), this.#queue);
  }

  async #onHttp1(message: IncomingMessage, response: Http1Response): Promise<void> {
    const aborted = new AbortController();
    const hasBody =
      message.headers['transfer-encoding'] !== undefined ||
      Number(message.headers['content-length'] ?? 0) > 0;
    const request = this.#request(
      message.method ?? 'GET',
      message.url ?? '/',
      message.headers,
      message.socket as TLSSocket,
      aborted.signal,
      { stream: message, hasBody },
    );
    response.once('close', () => aborted.abort(requestClosed));
    this.#count(response);
    response.on('error', error => this.#deps.log.debug('HTTP/1.1 response failed', { error }));
    const answer = await this.#deps.handle(request);
    const whole = answer.body.kind !== 'stream' && answer.body.kind !== 'watch';
    if (whole && hasBody) await discardRest(message, this.#deps.clock);
    writeToHttp1(response, request, answer, this.#queue);
  }

  #onUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    const aborted = new AbortController();
    const request = this.#request(
      message.method ?? 'GET',
      message.url ?? '/',
      message.headers,
      message.socket as TLSSocket,
      aborted.signal,
      { stream: message, hasBody: false },
    );
    socket.once('close', () => aborted.abort(requestClosed));
    socket.on('error', () => socket.destroy());
    this.#deps.upgrade(request, socket, head).catch(error => {
      this.#deps.log.warn('upgraded connection failed', { error, path: request.path });
      socket.destroy();
    });
  }

  #request(
    method: string,
    url: string,
    headers: IncomingHttpHeaders | IncomingMessage['headers'],
    socket: TLSSocket,
    signal: AbortSignal,
    input: { stream: ServerHttp2Stream | IncomingMessage; hasBody: boolean },
  ): ServerRequest {
    const mark = url.indexOf('?');
    const user = this.#userOf(socket);
    return {
      method,
      path: mark < 0 ? url : url.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
      headers: headers as ServerRequest['headers'],
      body: input.hasBody ? streamedBody(input.stream, headers['content-length']) : { kind: 'none' },
      signal,
      ...(user && { user }),
      inProcess: false,
      remoteAddress: socket.remoteAddress ?? '',
    };
  }

  /** The client certificate's user; read once a connection. An HTTP/2 session's socket is a proxy object. */
  #userOf(socket: TLSSocket): ApiUser | undefined {
    const known = this.#users.get(socket);
    if (known !== undefined) return known ?? undefined;
    const user = certificateUser(socket);
    this.#users.set(socket, user ?? null);
    return user;
  }
}

function isSocketPath(address: string): boolean {
  return address.startsWith('/');
}
