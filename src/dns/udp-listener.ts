import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from '../base/log.ts';
import type { QueryHandler } from './query-handler.ts';

export interface ListenAddress {
  /** IP address. */
  address: string;
  /** 53, where nothing else is said; 0 lets the system choose. */
  port: number;
}

/** Answers queries that come over UDP to one address. */
export class UdpListener {
  readonly #handler: QueryHandler;
  readonly #log: Logger;
  readonly #at: ListenAddress;
  #socket: Socket | undefined;

  constructor(deps: { handler: QueryHandler; log: Logger }, at: ListenAddress) {
    this.#handler = deps.handler;
    this.#log = deps.log;
    this.#at = at;
  }

  get port(): number {
    return this.#socket?.address().port ?? this.#at.port;
  }

  async start(): Promise<void> {
    const { address, port } = this.#at;
    const family = isIPv6(address) ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      recvBufferSize: 1024 * 1024,
      // Answers go to addresses, never to names: a lookup would only cost a turn of the event loop.
      lookup: (host, _options, done) => done(null, host, family),
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    // An error of one answer (no route, a full buffer) must not end the server.
    socket.on('error', error => this.#log.warn('UDP socket', { address, error }));
    socket.on('message', (message, { address: client, port: clientPort }) => {
      if (clientPort === 0) return;
      const answer = this.#handler.handle(message, 'udp');
      if (Buffer.isBuffer(answer)) socket.send(answer, clientPort, client, ignoreFailure);
      else if (answer) answer.then(late => late && this.#send(late, clientPort, client));
    });
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>(resolve => socket.close(() => resolve()));
  }

  #send(answer: Buffer, port: number, address: string): void {
    this.#socket?.send(answer, port, address, ignoreFailure);
  }
}

/** A lost answer is UDP's everyday: the client asks again. */
function ignoreFailure(): void {}
