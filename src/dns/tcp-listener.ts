import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { QueryHandler } from './query-handler.ts';
import type { ListenAddress } from './udp-listener.ts';

export interface TcpLimits {
  connections: number;
  /** Milliseconds without a whole query after which a connection is closed (RFC 7766 asks for seconds). */
  idle: number;
  /** Queries of one connection under way at a time; then nothing more is read from it. */
  pipeline: number;
  /** Bytes of a query. */
  query: number;
}

const defaultLimits: TcpLimits = { connections: 512, idle: 10_000, pipeline: 64, query: 4_096 };
/** Bytes of answers a client has not taken above which nothing more is read from it. */
const maxUnsent = 256 * 1024;

/** Answers queries that come over TCP to one address, several on a connection, in the order they are ready. */
export class TcpListener {
  readonly #deps: { handler: QueryHandler; clock: Clock; log: Logger };
  readonly #at: ListenAddress;
  readonly #limits: TcpLimits;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;

  constructor(
    deps: { handler: QueryHandler; clock: Clock; log: Logger },
    at: ListenAddress,
    limits: Partial<TcpLimits> = {},
  ) {
    this.#deps = deps;
    this.#at = at;
    this.#limits = { ...defaultLimits, ...limits };
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.#at.port;
  }

  async start(): Promise<void> {
    const server = createServer(socket => this.#accept(socket));
    server.maxConnections = this.#limits.connections;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#at.address, port: this.#at.port, ipv6Only: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', error => this.#deps.log.warn('TCP socket', { address: this.#at.address, error }));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    const connection = new TcpConnection(socket, this.#deps, this.#limits);
    socket.once('close', () => {
      this.#connections.delete(socket);
      connection.end();
    });
  }
}

/** One client's connection: messages with their length in two bytes before them. */
class TcpConnection {
  readonly #socket: Socket;
  readonly #handler: QueryHandler;
  readonly #clock: Clock;
  readonly #limits: TcpLimits;
  #received: Buffer = Buffer.alloc(0);
  #underWay = 0;
  #clientEnded = false;
  #stopIdle: Cancel = () => {};

  constructor(socket: Socket, deps: { handler: QueryHandler; clock: Clock }, limits: TcpLimits) {
    this.#socket = socket;
    this.#handler = deps.handler;
    this.#clock = deps.clock;
    this.#limits = limits;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#read());
    socket.on('end', () => {
      this.#clientEnded = true;
      this.#endIfDone();
    });
    this.#restartIdle();
  }

  end(): void {
    this.#stopIdle();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#read();
  }

  /** Handles the whole queries received, as far as the limits let it. */
  #read(): void {
    while (this.#received.length >= 2 && !this.#socket.destroyed) {
      if (this.#underWay >= this.#limits.pipeline || this.#socket.writableLength > maxUnsent) {
        this.#socket.pause();
        return;
      }
      const length = this.#received.readUInt16BE(0);
      if (length > this.#limits.query) {
        this.#socket.destroy();
        return;
      }
      if (this.#received.length < length + 2) break;
      const query = this.#received.subarray(2, length + 2);
      this.#received = this.#received.subarray(length + 2);
      this.#restartIdle();
      this.#answer(query);
    }
    this.#socket.resume();
  }

  #answer(query: Buffer): void {
    const answer = this.#handler.handle(query, 'tcp');
    if (answer === undefined || Buffer.isBuffer(answer)) {
      this.#send(answer);
      return;
    }
    this.#underWay++;
    answer.then(late => {
      this.#underWay--;
      this.#send(late);
      this.#read();
      this.#endIfDone();
    });
  }

  /** A message that may not be answered ends the connection: who sent it does not speak DNS. */
  #send(answer: Buffer | undefined): void {
    if (this.#socket.destroyed) return;
    if (!answer) {
      this.#socket.destroy();
      return;
    }
    const framed = Buffer.allocUnsafe(answer.length + 2);
    framed.writeUInt16BE(answer.length, 0);
    answer.copy(framed, 2);
    this.#socket.write(framed);
  }

  #endIfDone(): void {
    if (this.#clientEnded && this.#underWay === 0) this.#socket.end();
  }

  #restartIdle(): void {
    this.#stopIdle();
    this.#stopIdle = this.#clock.after(this.#limits.idle, () => {
      if (this.#underWay > 0) this.#restartIdle();
      else this.#socket.destroy();
    });
  }
}
